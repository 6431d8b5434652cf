#!/usr/bin/env bash
# ml-confusion-matrix 2.0.0: getFalseOmissionRate divides the false negatives by all that are positive, and so is the false
# negative rate. Of what was called negative it would be false negatives / (false negatives + true negatives), which is 1 -
# getNegativePredictiveValue.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ml-confusion-matrix@2.0.0 >/dev/null 2>&1
cat > run.mjs <<'JS'
import { ConfusionMatrix } from "ml-confusion-matrix";

// 7 found, 3 missed; 5 called so wrongly, 11 rightly not.
const matrix = new ConfusionMatrix([[7, 3], [5, 11]], ["dog", "other"]);
console.log("false omission rate:", matrix.getFalseOmissionRate("dog").toFixed(4));
console.log("3 / (3 + 11):", (3 / 14).toFixed(4));
console.log("1 - negative predictive value:", (1 - matrix.getNegativePredictiveValue("dog")).toFixed(4));
console.log("false negative rate:", matrix.getFalseNegativeRate("dog").toFixed(4));
JS
got=$(node run.mjs)
expected='false omission rate: 0.3000
3 / (3 + 11): 0.2143
1 - negative predictive value: 0.2143
false negative rate: 0.3000'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
