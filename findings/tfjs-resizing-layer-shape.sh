#!/usr/bin/env bash
# TensorFlow.js 4.22.0: tf.layers.resizing says of itself that it returns [height, width, channels]: the batch is lost, and of the
# four sides of what comes in it takes the third for channels. The layers that follow are built for that; centerCrop keeps the batch.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");

const input = tf.input({ shape: [5, 7, 3] });
const size = { height: 2, width: 2 };
console.log(`resizing ${JSON.stringify(tf.layers.resizing(size).apply(input).shape)}, centerCrop ${JSON.stringify(tf.layers.centerCrop(size).apply(input).shape)}`);
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='resizing [2,2,7], centerCrop [null,2,2,3]'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
