#!/usr/bin/env bash
# TensorFlow.js 4.22.0: the third argument of a data set's shuffle, reshuffleEachIteration, makes no difference: with false, which its
# documentation explains as the same order at every iteration, each epoch has another one. Two data sets of one seed do agree, epoch
# by epoch.
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
  const shuffled = (again) => tf.data.array([1, 2, 3, 4, 5, 6, 7]).shuffle(7, "a seed", again);
  for (const again of [true, false]) {
    const data = shuffled(again);
    const epochs = [];
    for (let epoch = 0; epoch < 5; epoch++) epochs.push((await data.toArray()).join(""));
    console.log(`${again}: ${new Set(epochs).size} orders in 5 epochs`);
  }
  const first = async () => (await shuffled(false).toArray()).join("");
  console.log("the first epoch of two data sets is the same:", (await first()) === (await first()));
}
main();
JS
got=$(node run.cjs 2>/dev/null | grep -v -E "^(=|$)|Hi, looks like")
expected='true: 5 orders in 5 epochs
false: 5 orders in 5 epochs
the first epoch of two data sets is the same: true'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
