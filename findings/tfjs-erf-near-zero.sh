#!/usr/bin/env bash
# TensorFlow.js 4.22.0: erf of small numbers is 2x / sqrt(pi); on cpu it is 9 % too large at 1e-8 (its approximation bounds the error,
# not its ratio to the value), on wasm right to 1e-6. A GELU differs by that between backends.
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
(async () => {
  const lines = [];
  for (const backend of ["cpu", "wasm"]) {
    await tf.setBackend(backend);
    const [value] = await tf.erf(tf.tensor1d([1e-8])).data();
    lines.push(`${backend} ${(value / ((2 * 1e-8) / Math.sqrt(Math.PI))).toFixed(3)}`);
  }
  console.log(`erf(1e-8) beside 2e-8 / sqrt(pi): ${lines.join(", ")}`);
})();
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='erf(1e-8) beside 2e-8 / sqrt(pi): cpu 1.089, wasm 1.000'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
