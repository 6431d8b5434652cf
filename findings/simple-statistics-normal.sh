#!/usr/bin/env bash
# simple-statistics 7.12.1: probit(0.975), the half width of a 95 % interval in deviations, is 1.9572 (it is 1.95996), and
# cumulativeStdNormalProbability reads a printed table: below -3.09 it is 0.001 for ever, where the chance at -5 is 2.9e-7.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts simple-statistics@7.12.1 >/dev/null 2>&1
cat > run.js <<'CODE'
const { probit, cumulativeStdNormalProbability: below } = require("simple-statistics");
console.log(`probit ${probit(0.975).toFixed(5)}, below -3 ${below(-3)}, -4 ${below(-4)}, -5 ${below(-5)}`);
CODE
got=$(node run.js 2>/dev/null | tail -n 1)
expected='probit 1.95716, below -3 0.0013, -4 0.001, -5 0.001'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
