#!/usr/bin/env bash
# TensorFlow.js 4.22.0: globalAveragePooling1d behind a masking layer counts the masked steps too; the mean of 4 and a masked 0 is 2.
# (In Keras the mask is heeded, and the mean is 4.)
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");
tf.setBackend("cpu").then(() => {
  const { masking, globalAveragePooling1d } = tf.layers;
  const net = tf.sequential({ layers: [masking({ maskValue: 0, inputShape: [2, 1] }), globalAveragePooling1d()] });
  console.log(`mean of 4 and a masked step: ${net.predict(tf.tensor3d([[[4], [0]]])).dataSync()[0]}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='mean of 4 and a masked step: 2'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
