#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): the gradient of cumsum is transposed where the sum does not run along the last axis: for weights
# 1 2 / 3 4 along the rows it is 4 3 / 6 4 in place of 4 6 / 3 4. A matrix that is not square cannot be differentiated.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");

tf.setBackend("cpu").then(() => {
  const weights = tf.tensor2d([[1, 2], [3, 4]]);
  const gradient = (axis) => tf.grad((x) => tf.cumsum(x, axis).mul(weights).sum())(tf.ones([2, 2])).dataSync().join(" ");
  console.log(`last axis ${gradient(1)}, first axis ${gradient(0)}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='last axis 3 2 7 4, first axis 4 3 6 4'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
