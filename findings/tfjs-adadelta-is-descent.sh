#!/usr/bin/env bash
# TensorFlow.js 4.22.0: tf.train.adadelta is gradient descent. Both of its running means start from 0 and are divided before the
# gradient of the step has entered the one below, so that they stay equal and their quotient 1, whatever rho and epsilon.
# Adadelta (Zeiler, arXiv 1212.5701) would begin with steps of about the root of epsilon, here 0.1 * 0.14 for every weight.
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
  const weightsAfter = (optimizer) => {
    const weights = tf.variable(tf.tensor1d([1, -2]));
    for (let step = 0; step < 7; step++) optimizer.minimize(() => weights.square().mul([0.5, 1.5]).sum(), false, [weights]);
    return Array.from(weights.dataSync(), (x) => x.toFixed(4)).join(" ");
  };
  console.log("adadelta, rho 0.95:", weightsAfter(tf.train.adadelta(0.1, 0.95, 1e-3)));
  console.log("adadelta, rho 0.5: ", weightsAfter(tf.train.adadelta(0.1, 0.5, 1e-6)));
  console.log("sgd:               ", weightsAfter(tf.train.sgd(0.1)));
}
main();
JS
got=$(node run.cjs 2>/dev/null | grep -v -E "^(=|$)|Hi, looks like")
expected='adadelta, rho 0.95: 0.4783 -0.1647
adadelta, rho 0.5:  0.4783 -0.1647
sgd:                0.4783 -0.1647'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
