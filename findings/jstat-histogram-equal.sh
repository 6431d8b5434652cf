#!/usr/bin/env bash
# jStat 1.9.6: histogram of numbers that are all the same counts none of them, in any number of bins. Ask first
# whether the least is the greatest.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts jstat@1.9.6 >/dev/null 2>&1
cat > run.mjs <<'JS'
import jstat from "jstat";

const { jStat } = jstat;
console.log("of 2 2 3:", jStat.histogram([2, 2, 3], 2).join(" "));
console.log("of 2 2 2:", jStat.histogram([2, 2, 2], 2).join(" "));
JS
got=$(node run.mjs)
expected='of 2 2 3: 2 1
of 2 2 2: 0 0'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
