#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): floorDiv of two tensors in float32 comes back as int32, so that 7.5 by 0 is 0 and nothing says that a
# division went wrong; div of two int32 cuts to int32 as well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");
tf.setBackend("cpu").then(() => {
  const float = (value) => tf.tensor1d([value]);
  const whole = (value) => tf.tensor1d([value], "int32");
  const shown = (x) => `${x.dataSync()[0]} (${x.dtype})`;
  console.log(`floorDiv(7.5, 2) ${shown(tf.floorDiv(float(7.5), float(2)))}, floorDiv(7.5, 0) ${shown(tf.floorDiv(float(7.5), float(0)))}`);
  console.log(`div(7, 2) of int32 ${shown(tf.div(whole(7), whole(2)))}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 2)
expected='floorDiv(7.5, 2) 3 (int32), floorDiv(7.5, 0) 0 (int32)
div(7, 2) of int32 3 (int32)'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
