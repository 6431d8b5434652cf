#!/usr/bin/env bash
# @tensorflow/tfjs 4.22.0: tf.randomNormal takes the seed 0 as "no seed": two calls differ, where those with seed 1 agree.
# tf.randomUniform repeats with 0 as well. A run that is told seed 0 is repeatable in some of its layers only.
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
  const repeats = (random) => [0, 1].map((seed) => {
    const [a, b] = [random(seed).dataSync(), random(seed).dataSync()];
    return `seed ${seed} ${a.every((value, i) => value === b[i]) ? "repeats" : "differs"}`;
  });
  console.log("= normal: " + repeats((seed) => tf.randomNormal([5], 0, 1, "float32", seed)).join(", "));
  console.log("= uniform: " + repeats((seed) => tf.randomUniform([5], 0, 1, "float32", seed)).join(", "));
})();
JS
got=$(node run.js 2>/dev/null | grep '^= ' | cut -c3-)
expected='normal: seed 0 differs, seed 1 repeats
uniform: seed 0 repeats, seed 1 repeats'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
