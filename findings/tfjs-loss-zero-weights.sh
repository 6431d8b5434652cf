#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0: a weighted loss whose weights are all 0 is NaN with the default reduction (the sum over the number of
# weights that are not 0), where TensorFlow gives 0. One batch of ignored labels ends a training run.
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
  const loss = tf.losses.absoluteDifference(tf.tensor1d([1, 2]), tf.tensor1d([2, 2]), tf.tensor1d([0, 0]));
  console.log("= " + loss.dataSync()[0]);
})();
JS
got=$(node run.js 2>/dev/null | grep '^= ' | cut -c3-)
expected='NaN'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
