#!/usr/bin/env bash
# onnxruntime 1.32.0 (cpu): what is the greatest of a row that holds a NaN? Max gives the NaN, TopK ranks it first, ArgMax, ReduceMax and
# MaxPool pass over it: a network that has gone wrong looks healthy or not according to which of them ends it.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.32.0 >/dev/null 2>&1
cat > run.py <<'PY'
import numpy, onnxruntime
from onnx import TensorProto, helper


def run(operator, *inputs, outputs=1, **attributes):
    types = {numpy.dtype("float32"): TensorProto.FLOAT, numpy.dtype("int64"): TensorProto.INT64}
    names = [f"x{index}" for index in range(len(inputs))]
    results = [f"y{index}" for index in range(outputs)]
    graph = helper.make_graph(
        [helper.make_node(operator, names, results, **attributes)],
        "graph",
        [helper.make_tensor_value_info(name, types[value.dtype], value.shape) for name, value in zip(names, inputs)],
        [helper.make_empty_tensor_value_info(name) for name in results],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip(names, inputs)))


row = numpy.array([[1, numpy.nan, 2, 0, 5, 3, 7]], numpy.float32)
print("Max with 0:", run("Max", row, numpy.zeros_like(row))[0][0, 1])
print("TopK:", run("TopK", row, numpy.array([1]), outputs=2)[1][0, 0], "ArgMax:", run("ArgMax", row, axis=1)[0][0, 0])
image = row.reshape(1, 1, 1, 7)
print("ReduceMax:", run("ReduceMax", row, axes=[1])[0][0, 0], "MaxPool:", run("MaxPool", image, kernel_shape=[1, 3])[0][0, 0, 0, 0])
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='Max with 0: nan
TopK: 1 ArgMax: 6
ReduceMax: 7.0 MaxPool: 2.0'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
