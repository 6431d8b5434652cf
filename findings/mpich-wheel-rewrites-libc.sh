#!/usr/bin/env bash
# mpich 5.0.2, the wheel of PyPI (Linux, x86-64): loading its library, before anything of it is called, writes jumps into the machine
# code of the C library's brk, sbrk, mmap and munmap of the whole process; so does the UCX inside that it sends by, which keeps account
# of memory registered with network cards. A process of many threads that only looks whether an MPI is there is changed
# for good. UCX_MEM_EVENTS=no, set before it is loaded, leaves the C library as it is.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check mpich==5.0.2 >/dev/null 2>&1
cat > run.py <<'PY'
import ctypes
import sys

libc = ctypes.CDLL("libc.so.6")
names = ["brk", "sbrk", "mmap", "munmap", "malloc", "read"]


def code(name):
    return ctypes.string_at(ctypes.cast(getattr(libc, name), ctypes.c_void_p), 5)


before = {name: code(name) for name in names}
ctypes.CDLL(sys.prefix + "/lib/libmpi_abi.so.1")
changed = [name for name in names if code(name) != before[name]]
jumps = all(code(name)[0] == 0xE9 for name in changed)
print("changed:", " ".join(changed) or "none", "(all begin with a jump)" if changed and jumps else "")
PY
got=$(echo "loaded"; venv/bin/python run.py; echo "loaded with UCX_MEM_EVENTS=no"; UCX_MEM_EVENTS=no venv/bin/python run.py)
got=$(sed 's/ *$//' <<< "$got")
expected='loaded
changed: brk sbrk mmap munmap (all begin with a jump)
loaded with UCX_MEM_EVENTS=no
changed: none'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
