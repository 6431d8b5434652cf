#!/usr/bin/env bash
# TensorFlow.js 4.22.0 (cpu): logSumExp of nothing but -Infinity, as a wholly masked row of attention scores has it, is NaN (in NumPy's
# and PyTorch's it is -Infinity), and the cross-entropy of a right class is NaN as soon as some other class is masked by -Infinity.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");

tf.setBackend("cpu").then(() => {
  const rows = tf.tensor2d([[-Infinity, -Infinity], [0, -Infinity]]);
  const loss = tf.losses.softmaxCrossEntropy(tf.tensor2d([[1, 0]]), tf.tensor2d([[0, -Infinity]]));
  console.log(`logSumExp ${tf.logSumExp(rows, 1).dataSync().join(" ")}, loss ${loss.dataSync()[0]}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='logSumExp NaN 0, loss NaN'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
