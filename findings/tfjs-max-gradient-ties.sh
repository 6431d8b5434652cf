#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0: where several numbers are the greatest, the gradient of tf.max gives the whole of it to each, so that
# it adds up to more than came in: 2 here. TensorFlow and PyTorch (amax) share it out.
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
  const gradient = tf.grad((x) => x.max())(tf.tensor1d([1, 3, 3]));
  console.log("= " + [...gradient.dataSync()].join(" "));
})();
JS
got=$(node run.js 2>/dev/null | grep '^= ' | cut -c3-)
expected='0 1 1'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
