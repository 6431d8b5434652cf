#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0: a dropout layer with a seed leaves out the same units at every call, for the whole of training; without
# one it cannot be repeated. In Keras a seed makes the sequence of masks repeatable, not the mask constant.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'JS'
const tf = require("@tensorflow/tfjs");
(async () => {
  await tf.setBackend("cpu");
  const layer = tf.layers.dropout({ rate: 0.5, seed: 3 });
  const masks = Array.from({ length: 4 }, () => [...layer.apply(tf.ones([1, 64]), { training: true }).dataSync()].join(""));
  console.log("= " + new Set(masks).size + " mask in 4 calls");
})();
JS
got=$(node run.js 2>/dev/null | grep '^= ' | cut -c3-)
expected='1 mask in 4 calls'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
