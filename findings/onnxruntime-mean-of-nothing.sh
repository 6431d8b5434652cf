#!/usr/bin/env bash
# onnxruntime 1.32.0: ReduceMean over an axis of length 0 is 0, where NumPy and the reference evaluator say NaN: an
# empty batch has a perfect mean loss. Check the length.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 >/dev/null 2>&1
cat > run.py <<'PY'
import numpy as np
import onnx
import onnxruntime
from onnx import helper
from onnx.reference import ReferenceEvaluator


def model(op, inputs, outputs=1, opset=18, **attributes):
    """One node of ONNX; inputs by name, None for one left out."""
    names = [name if value is not None else "" for name, value in inputs.items()]
    given = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(value.dtype), list(value.shape))
        for name, value in inputs.items()
        if value is not None
    ]
    results = [onnx.ValueInfoProto(name=f"y{i}") for i in range(outputs)]
    node = helper.make_node(op, names, [f"y{i}" for i in range(outputs)], **attributes)
    graph = helper.make_graph([node], "g", given, results)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    return onnx.shape_inference.infer_shapes(made)


def by_reference(made, inputs):
    return ReferenceEvaluator(made).run(None, {k: v for k, v in inputs.items() if v is not None})


def by_onnxruntime(made, inputs):
    session = onnxruntime.InferenceSession(made.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {k: v for k, v in inputs.items() if v is not None})


inputs = {"x": np.zeros((2, 0), np.float32), "axes": np.array([1])}
made = model("ReduceMean", inputs, keepdims=0)
for name, run in [("onnxruntime", by_onnxruntime), ("reference", by_reference)]:
    print(name, run(made, inputs)[0].tolist())
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='onnxruntime [0.0, 0.0]
reference [nan, nan]'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
