#!/usr/bin/env bash
# onnx 1.23.2: Attention with softcap gives, as its fourth output in mode 0, the products of query and key as they are
# before the cap in onnxruntime, and capped ones in the reference evaluator, where modes 0 and 1 are the same. Ask for
# no softcap to compare raw scores.
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


inputs = {
    "q": np.array([[[[3.0], [-1.0]]]], np.float32),
    "k": np.array([[[[1.0], [2.0]]]], np.float32),
    "v": np.ones((1, 1, 2, 1), np.float32),
    "mask": None,
    "past_key": None,
    "past_value": None,
}
for mode in [0, 1]:
    made = model("Attention", inputs, outputs=4, opset=23, scale=1.0, softcap=2.0, qk_matmul_output_mode=mode)
    for name, run in [("onnxruntime", by_onnxruntime), ("reference", by_reference)]:
        print("mode", mode, name, [round(x, 2) for x in run(made, inputs)[3].ravel().tolist()])
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='mode 0 onnxruntime [3.0, 6.0, -1.0, -2.0]
mode 0 reference [1.81, 1.99, -0.92, -1.52]
mode 1 onnxruntime [1.81, 1.99, -0.92, -1.52]
mode 1 reference [1.81, 1.99, -0.92, -1.52]'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
