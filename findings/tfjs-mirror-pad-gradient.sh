#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): mirrorPad puts copies of inner places around; its gradient counts each place once, as that of padding
# with zeros. For 1 2 3, reflected by one to 2 1 2 3 2, the middle stands there three times: the gradient is 1 3 1, not 1 1 1.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");

tf.setBackend("cpu").then(() => {
  const padded = (x) => tf.mirrorPad(x, [[1, 1]], "reflect");
  const x = tf.tensor1d([1, 2, 3]);
  console.log(`padded ${padded(x).dataSync().join(" ")}, gradient ${tf.grad((value) => padded(value).sum())(x).dataSync().join(" ")}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='padded 2 1 2 3 2, gradient 1 1 1'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
