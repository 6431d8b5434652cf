#!/usr/bin/env bash
# MPICH 5.0.2: MPI_Allreduce with MPI_MAX, in which one of four ranks holds a NaN, leaves the ranks with different
# results, and one of them with a number that is not the greatest. Ranks that decide by it, as by the best score so
# far, go different ways. Sum a flag for NaN first.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mpich==5.0.2 mpi4py==4.1.2 numpy==2.4.6 >/dev/null 2>&1
cat > run.py <<'PY'
import numpy as np
from mpi4py import MPI

world = MPI.COMM_WORLD
for holder in [None, 3]:
    mine = np.array([np.nan if world.rank == holder else world.rank + 1.0])
    most = np.empty(1)
    world.Allreduce(mine, most, MPI.MAX)
    everyone = world.gather(float(most[0]))
    if world.rank == 0:
        print("NaN on", holder, "MAX on each rank", everyone, flush=True)
PY
got=$(venv/bin/mpiexec -n 4 venv/bin/python run.py 2>/dev/null)
expected='NaN on None MAX on each rank [4.0, 4.0, 4.0, 4.0]
NaN on 3 MAX on each rank [nan, 3.0, 2.0, 3.0]'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
