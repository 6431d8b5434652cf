#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): a padding given as one number is worked out from the height of the filter for both sides of the
# output. With a filter of 1 x 3 and pad 1 an image of 5 x 5 becomes 7 x 7, where the same padding written out side by side gives
# 7 x 5; with 3 x 1 it becomes 5 x 5 in place of 5 x 7. Nothing is said.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");
tf.setBackend("cpu").then(() => {
  const image = tf.ones([1, 5, 5, 1]);
  const sides = [[0, 0], [1, 1], [1, 1], [0, 0]];
  for (const [height, width] of [[1, 3], [3, 1]]) {
    const filter = tf.ones([height, width, 1, 1]);
    const [number, written] = [1, sides].map((pad) => tf.conv2d(image, filter, 1, pad).shape.slice(1, 3).join(" x "));
    console.log(`filter ${height} x ${width}: pad 1 gives ${number}, the same by sides ${written}`);
  }
});
CODE
got=$(node run.js 2>/dev/null | tail -n 2)
expected='filter 1 x 3: pad 1 gives 7 x 7, the same by sides 7 x 5
filter 3 x 1: pad 1 gives 5 x 5, the same by sides 5 x 7'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
