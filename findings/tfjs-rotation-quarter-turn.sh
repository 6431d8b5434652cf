#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): a rotation by a quarter turn is exact in principle, and rotateWithOffset loses one row of it (filled with
# zeros) for rounding at the border; the half turn loses a row and a column.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");

tf.setBackend("cpu").then(() => {
  const image = tf.range(1, 10).reshape([1, 3, 3, 1]);
  const turned = (angle) =>
    tf.image.rotateWithOffset(image, angle).reshape([3, 3]).arraySync().map((row) => row.join(" ")).join(" / ");
  console.log(`quarter ${turned(Math.PI / 2)}`);
  console.log(`half ${turned(Math.PI)}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 2)
expected='quarter 0 0 0 / 3 6 9 / 2 5 8
half 0 0 0 / 0 9 8 / 0 6 5'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
