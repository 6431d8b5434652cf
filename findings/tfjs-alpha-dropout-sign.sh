#!/usr/bin/env bash
# TensorFlow.js 4.22.0: tf.layers.alphaDropout puts +1.758 in the place of what it drops, where the saturated value of SELU is -1.758.
# It is there to keep a mean of 0 and a variance of 1 (Klambauer et al., arXiv 1706.02515): the variance it keeps, the mean moves by
# most of a standard deviation at every such layer.
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
  const x = tf.randomNormal([1, 200_000], 0, 1, "float32", 7);
  for (const rate of [0.1, 0.3, 0.5]) {
    const y = tf.layers.alphaDropout({ rate }).apply(x, { training: true });
    const { mean, variance } = tf.moments(y);
    console.log(`rate ${rate}: mean ${mean.dataSync()[0].toFixed(1)}, variance ${variance.dataSync()[0].toFixed(1)}`);
  }
  // With the value of SELU it would be 0.78 and -0.78.
  const values = new Set(tf.layers.alphaDropout({ rate: 0.5 }).apply(tf.zeros([1, 1000]), { training: true }).dataSync());
  console.log("of zeros:", [...values].sort((a, b) => a - b).map((value) => value.toFixed(2)).join(" and "));
}
main();
JS
got=$(node run.cjs 2>/dev/null | grep -v -E "^(=|$)|Hi, looks like")
expected='rate 0.1: mean 0.3, variance 1.0
rate 0.3: mean 0.9, variance 1.0
rate 0.5: mean 1.6, variance 1.0
of zeros: 0.78 and 2.34'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
