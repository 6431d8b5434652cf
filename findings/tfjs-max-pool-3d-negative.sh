#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (wasm): maxPool3d of numbers below zero is 1.2e-38, the least positive float, wherever the window stands;
# maxPool of the same numbers in two dimensions, and both on cpu, are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 @tensorflow/tfjs-backend-wasm@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");

const wasm = require("@tensorflow/tfjs-backend-wasm");
wasm.setWasmPaths(require("node:path").dirname(require.resolve("@tensorflow/tfjs-backend-wasm/package.json")) + "/dist/");
tf.setBackend("wasm").then(() => {
  const flat = tf.maxPool(tf.fill([1, 2, 2, 1], -3), 2, 1, "valid").dataSync()[0];
  const deep = tf.maxPool3d(tf.fill([1, 2, 2, 2, 1], -3), 2, 1, "valid").dataSync()[0];
  console.log(`of -3: maxPool ${flat}, maxPool3d ${deep}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='of -3: maxPool -3, maxPool3d 1.1754943508222875e-38'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
