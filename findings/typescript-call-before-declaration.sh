#!/usr/bin/env bash
# TypeScript 5.9.3: a constant declared with the type of another module's, `declare const f: typeof module.f`, may be called before
# that line where the result is used, and not where the call is a statement: then its type is said to hang on itself (TS2502). The call
# may be an assertion, by which TypeScript narrows what follows, the subject of `typeof` included. Within a type of functions
# nothing is narrowed, and all is well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init --yes >/dev/null
npm install --silent --no-audit --no-fund --ignore-scripts typescript@5.9.3 >/dev/null 2>&1
echo 'export const f = (x: number) => 2 * x;' > module.ts
with() { printf 'import type * as module from "./module";\n%s\n%s\nexport {};\n' "$1" "$2" > "$3.ts"; }
with 'const y = f(1); y;' 'declare const f: typeof module.f;' used
with 'f(1);' 'declare const f: typeof module.f;' statement
with 'f(1);' 'declare const f: ReturnType<() => typeof module.f>;' wrapped
got=$(for file in used statement wrapped; do
  echo "$file: $(npx tsc --noEmit --strict --module esnext --moduleResolution bundler $file.ts || true)"
done)
expected="used: 
statement: statement.ts(3,15): error TS2502: 'f' is referenced directly or indirectly in its own type annotation.
wrapped: "
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
