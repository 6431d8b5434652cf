#!/usr/bin/env bash
# TensorFlow.js 4.22.0: the beta of tf.randomGamma, which its documentation calls the inverse scale, is the scale. With alpha 3 the
# mean should be 3 / beta and the variance 3 / beta squared, as in TensorFlow; it is 3 beta and 3 beta squared.
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
  for (const beta of [0.5, 1, 2]) {
    const { mean, variance } = tf.moments(tf.randomGamma([200_000], 3, beta, "float32", 11));
    const [m, v] = [mean, variance].map((moment) => moment.dataSync()[0].toFixed(1));
    console.log(`beta ${beta}: mean ${m} (3 / beta is ${3 / beta}), variance ${v} (3 / beta squared is ${3 / beta ** 2})`);
  }
}
main();
JS
got=$(node run.cjs 2>/dev/null | grep -v -E "^(=|$)|Hi, looks like")
expected='beta 0.5: mean 1.5 (3 / beta is 6), variance 0.8 (3 / beta squared is 12)
beta 1: mean 3.0 (3 / beta is 3), variance 3.0 (3 / beta squared is 3)
beta 2: mean 6.0 (3 / beta is 1.5), variance 12.1 (3 / beta squared is 0.75)'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
