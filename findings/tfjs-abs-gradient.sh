#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0: the gradient of tf.abs at 0 is -1. TensorFlow and PyTorch give 0 there, so that a loss by absolute
# error leaves a number alone that is exactly right; here it is pushed away.
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
  const gradient = tf.grad((x) => x.abs())(tf.tensor1d([-2, 0, 3]));
  console.log("= " + [...gradient.dataSync()].join(" "));
})();
JS
got=$(node run.js 2>/dev/null | grep '^= ' | cut -c3-)
expected='-1 -1 1'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
