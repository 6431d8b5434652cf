#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): with half-pixel centres resizeBilinear halves an image to the means of its 2 x 2 squares; its gradient
# is that of sampling without them, 1 0 1 0 / 0 0 0 0 / ... for 4 x 4 in place of a quarter everywhere. The gradient of an image that
# is not square fails on cpu, because it has height and width exchanged.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");

tf.setBackend("cpu").then(() => {
  const halved = (image) => tf.image.resizeBilinear(image, [2, 2], false, true);
  const row = tf.range(0, 8).reshape([4, 2, 1]);
  console.log(`outputs ${halved(row).dataSync().join(" ")}`);
  console.log(`gradient ${tf.grad((x) => halved(x).sum())(tf.ones([4, 4, 1])).dataSync().slice(0, 8).join(" ")}`);
  try {
    tf.grad((x) => halved(x).sum())(row);
    console.log("4 x 2: a gradient");
  } catch (error) {
    console.log(`4 x 2: ${/shape '([\d,]+)'/.exec(error.message)[1]}`);
  }
});
CODE
got=$(node run.js 2>/dev/null | tail -n 3)
expected='outputs 1 2 5 6
gradient 1 0 1 0 0 0 0 0
4 x 2: 1,2,4,1'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
