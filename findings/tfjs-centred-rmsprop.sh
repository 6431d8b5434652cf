#!/usr/bin/env bash
# TensorFlow.js 4.22.0: tf.train.rmsprop with centered takes epsilon off the variance that it divides by, and does not add it.
# Where gradients hardly change, which is where training goes well, the variance falls below epsilon and the weights become NaN.
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
  // The gradient is 1 at every step, so that the centred variance goes to 0.
  const stepsUntilNaN = (centered) => {
    const optimizer = tf.train.rmsprop(0.01, 0.9, 0, 1e-3, centered);
    const weight = tf.variable(tf.tensor1d([0]));
    for (let step = 1; step <= 1000; step++) {
      optimizer.minimize(() => weight.sum(), false, [weight]);
      if (Number.isNaN(weight.dataSync()[0])) return `NaN at step ${step}`;
    }
    return "no NaN in 1000 steps";
  };
  console.log("not centred:", stepsUntilNaN(false));
  console.log("centred:", stepsUntilNaN(true));
  // One step from 0: 0.1 / root of (0.1 - 0.01 + 0.001) is 0.3315, with epsilon taken off 0.3352.
  const weight = tf.variable(tf.tensor1d([0]));
  tf.train.rmsprop(0.1, 0.9, 0, 1e-3, true).minimize(() => weight.sum(), false, [weight]);
  console.log("first step:", (-weight.dataSync()[0]).toFixed(4));
}
main();
JS
got=$(node run.cjs 2>/dev/null | grep -v -E "^(=|$)|Hi, looks like")
expected='not centred: no NaN in 1000 steps
centred: NaN at step 66
first step: 0.3352'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
