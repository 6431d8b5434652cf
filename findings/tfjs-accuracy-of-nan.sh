#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): argMax of numbers that are all NaN is 0, so that a network that has gone to pieces still scores the share
# of its first class; a NaN beside numbers is passed over; and topk passes it over for k = 1 and puts it first for k = 2.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");
tf.setBackend("cpu").then(() => {
  const nan = tf.tensor2d([[NaN, NaN, NaN]]);
  const accuracy = tf.metrics.categoricalAccuracy(tf.tensor2d([[1, 0, 0]]), nan).dataSync()[0];
  const mixed = tf.tensor1d([1, NaN, 3]);
  console.log(`accuracy of NaN where class 0 is right: ${accuracy}`);
  console.log(`of 1, NaN, 3: argMax ${tf.argMax(mixed).dataSync()[0]}, topk ${[1, 2].map((k) => tf.topk(mixed, k).indices.dataSync()[0]).join(" and ")}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 2)
expected='accuracy of NaN where class 0 is right: 1
of 1, NaN, 3: argMax 2, topk 2 and 1'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
