#!/usr/bin/env bash
# safetensors 0.8.0 (Python): the tensors of a file come back in an order of the writer's: by the size of their numbers, then by name.
# What goes by the order of a state_dict (an optimiser's list, a mean over layers) has to be told the names.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet safetensors==0.8.0 numpy==2.2.6
cat > run.py <<'CODE'
import numpy as np
from safetensors.numpy import load_file, save_file

tensors = {
    "stem": np.zeros(2, np.float32),
    "scale": np.zeros(1, np.float16),
    "head": np.zeros(3, np.float32),
    "steps": np.zeros(1, np.int64),
}
save_file(tensors, "x.safetensors")
print("saved", *tensors)
print("loaded", *load_file("x.safetensors"))
CODE
got=$(venv/bin/python run.py)
expected='saved stem scale head steps
loaded steps head stem scale'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
