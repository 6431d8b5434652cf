#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): einsum of two operands that share no index gives a wrong shape when one of them is summed over another:
# "ij,k->ki" of [2, 3] and [5] is [1, 2] in place of [5, 2]; without the summed index it is right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");
tf.setBackend("cpu").then(() => {
  const shape = (equation, ...sides) => JSON.stringify(tf.einsum(equation, ...sides.map((side) => tf.ones(side))).shape);
  console.log(`i,k->ki ${shape("i,k->ki", [2], [5])}, ij,k->ki ${shape("ij,k->ki", [2, 3], [5])}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='i,k->ki [5,2], ij,k->ki [1,2]'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
