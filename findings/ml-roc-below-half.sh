#!/usr/bin/env bash
# ml-roc-multiclass 0.2.0: the area under the curve is never below one half. Scores that put every image of the second class
# below every one of the first have an area of 0 and get 1, so that a classifier which is wrong throughout, or one whose classes
# were mixed up, looks perfect.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts ml-roc-multiclass@0.2.0 >/dev/null 2>&1
cat > run.mjs <<'JS'
import roc from "ml-roc-multiclass";

const labels = ["no", "no", "no", "yes", "yes"];
/** Share of the pairs of a yes and a no of which the yes has the higher score. */
const pairs = (scores) => {
  const of = (label) => scores.filter((_, i) => labels[i] === label);
  const higher = of("yes").flatMap((yes) => of("no").map((no) => Number(yes > no)));
  return higher.reduce((sum, one) => sum + one, 0) / higher.length;
};
for (const scores of [[1, 2, 3, 4, 5], [5, 4, 3, 2, 1], [2, 4, 5, 1, 3]])
  console.log(scores.join(" "), "area", roc.getAuc(roc.getRocCurve(labels, scores)).toFixed(3), "pairs", pairs(scores).toFixed(3));
JS
got=$(node run.mjs)
expected='1 2 3 4 5 area 1.000 pairs 1.000
5 4 3 2 1 area 1.000 pairs 0.000
2 4 5 1 3 area 0.833 pairs 0.167'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
