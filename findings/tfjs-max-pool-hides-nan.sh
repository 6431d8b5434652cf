#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): max keeps a NaN, max pooling over the same two numbers loses it, wherever it stands.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");
tf.setBackend("cpu").then(() => {
  const pooled = (values) => tf.maxPool(tf.tensor4d(values, [1, 1, 2, 1]), [1, 2], 1, "valid").dataSync()[0];
  console.log(`max ${tf.max(tf.tensor1d([NaN, 1])).dataSync()[0]}, pooled ${pooled([NaN, 1])} and ${pooled([1, NaN])}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='max NaN, pooled 1 and 1'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
