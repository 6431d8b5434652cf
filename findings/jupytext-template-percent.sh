#!/usr/bin/env bash
# jupytext 1.19.6: a line of a JavaScript or TypeScript template string that begins with % is taken for a magic
# command and commented out, so that the script prints another string than the notebook. Reading it back undoes it.
# Write ${"%"} where it matters.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check jupytext==1.19.6 nbformat==5.11.1 >/dev/null 2>&1
cat > run.py <<'PY'
import json
import subprocess

import jupytext
import nbformat


def printed(program):
    return json.dumps(subprocess.run(["node", "-e", program], capture_output=True, text=True).stdout.split())


notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "j", "display_name": "j", "language": "javascript"}})
source = "console.log(`load:\n%cpu 7\n`)"
notebook.cells = [nbformat.v4.new_code_cell(source)]
script = jupytext.writes(notebook, "js:percent")
print("notebook", printed(source))
print("script", printed(script))
print("read back equal", jupytext.reads(script, "js:percent").cells[0].source == source)
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='notebook ["load:", "%cpu", "7"]
script ["load:", "//", "%cpu", "7"]
read back equal True'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
