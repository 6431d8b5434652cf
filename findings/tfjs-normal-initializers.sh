#!/usr/bin/env bash
# TensorFlow.js 4.22.0: heNormal, glorotNormal and leCunNormal draw from a normal distribution cut off at two deviations and do not
# make up for what the cut takes away: their numbers have 0.88 of the deviation that the names promise (Keras divides by that
# number). The uniform ones are right.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts @tensorflow/tfjs@4.22.0 >/dev/null 2>&1
cat > run.js <<'CODE'
const tf = require("@tensorflow/tfjs");
tf.setBackend("cpu").then(() => {
  const share = (initializer, deviation) =>
    (tf.moments(initializer.apply([1000, 1000])).variance.sqrt().dataSync()[0] / deviation).toFixed(2);
  const { heNormal, glorotNormal, leCunNormal, heUniform } = tf.initializers;
  const [wide, unit] = [Math.sqrt(2 / 1000), Math.sqrt(1 / 1000)];
  console.log(`he ${share(heNormal({ seed: 7 }), wide)}, glorot ${share(glorotNormal({ seed: 7 }), unit)}`);
  console.log(`lecun ${share(leCunNormal({ seed: 7 }), unit)}, he uniform ${share(heUniform({ seed: 7 }), wide)}`);
});
CODE
got=$(node run.js 2>/dev/null | tail -n 2)
expected='he 0.88, glorot 0.88
lecun 0.88, he uniform 1.00'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
