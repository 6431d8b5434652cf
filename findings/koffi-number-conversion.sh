#!/usr/bin/env bash
# koffi 3.3.4 (Linux): a C int argument takes any JavaScript number: 1.7 becomes 1, NaN becomes 0, and arguments beyond those of
# the declaration are dropped, all without an error. A binding has to check its own arguments.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts koffi@3.3.4 >/dev/null 2>&1
cat > run.js <<'JS'
const koffi = require("koffi");
const abs = koffi.load("libc.so.6").func("int abs(int value)");
const call = (...values) => {
  try {
    return String(abs(...values));
  } catch (error) {
    return error.name;
  }
};
console.log(`abs(-1.7) ${call(-1.7)}, abs(NaN) ${call(NaN)}, abs(-3, 5) ${call(-3, 5)}, abs("-3") ${call("-3")}`);
JS
got=$(node run.js)
expected='abs(-1.7) 1, abs(NaN) 0, abs(-3, 5) 3, abs("-3") TypeError'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
