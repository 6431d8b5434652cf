#!/usr/bin/env bash
# TensorFlow.js 4.22.0: average pooling divides by the places of a window that lie in the image, its gradient by all that a window
# has. Wherever a window reaches over the edge the gradient is too small, in a map of 3 x 3 under a window of 3 x 3 by 36 to 44 %.
# Averages are linear: what the sum of the outputs gains from a 1 in a place is its gradient.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.cjs <<'JS'
const tf = require("@tensorflow/tfjs");

async function main() {
  await tf.setBackend("cpu");
  const pooled = (x) => tf.avgPool(x, 3, 1, "same").sum();
  const shape = [1, 3, 3, 1];
  const gradient = Array.from(tf.grad(pooled)(tf.zeros(shape)).dataSync());
  // What the sum of the outputs gains from a 1 in each place.
  const gains = gradient.map((_, place) => pooled(tf.oneHot([place], 9).cast("float32").reshape(shape)).dataSync()[0]);
  const rows = (values) => [0, 3, 6].map((at) => values.slice(at, at + 3).map((value) => value.toFixed(3)).join(" ")).join(" | ");
  console.log("gradient:", rows(gradient));
  console.log("gain:    ", rows(gains));
}
main();
JS
got=$(node run.cjs 2>/dev/null | grep -v -E "^(=|$)|Hi, looks like")
expected='gradient: 0.444 0.667 0.444 | 0.667 1.000 0.667 | 0.444 0.667 0.444
gain:     0.694 1.111 0.694 | 1.111 1.778 1.111 | 0.694 1.111 0.694'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
