#!/usr/bin/env bash
# TensorFlow.js 4.22.0: the grey of white is 254, where images are whole numbers. The three weights add up to 0.9999, and the sum is
# cut off, not rounded: every grey but black becomes darker by one when an image whose channels are equal is made grey.
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
  const greys = Array.from({ length: 256 }, (_, i) => i);
  const image = tf.tensor3d(greys.flatMap((i) => [i, i, i]), [1, 256, 3], "int32");
  const got = tf.image.rgbToGrayscale(image).dataSync();
  console.log("black, middle, white:", got[0], got[128], got[255]);
  console.log("greys that stay what they are:", greys.filter((i) => got[i] === i).length, "of 256");
  const float = tf.image.rgbToGrayscale(tf.tensor3d([255, 255, 255], [1, 1, 3])).dataSync()[0];
  console.log("white in float32:", float.toFixed(2));
}
main();
JS
got=$(node run.cjs 2>/dev/null | grep -v -E "^(=|$)|Hi, looks like")
expected='black, middle, white: 0 127 254
greys that stay what they are: 1 of 256
white in float32: 254.97'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
