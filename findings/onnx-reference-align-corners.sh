#!/usr/bin/env bash
# onnx 1.23.2: Resize with align_corners, whose corners are to stay corners, misses them in the reference evaluator
# where sides times scales are not whole: it reckons with 0.6 x 4 = 2.4 rows where there are 2. onnxruntime keeps the
# corners. Give sizes in place of scales.
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
    "x": np.arange(16, dtype=np.float32).reshape(1, 1, 4, 4),
    "roi": np.zeros(0, np.float32),
    "scales": np.array([1, 1, 0.6, 0.8], np.float32),
}
made = model("Resize", inputs, opset=19, mode="linear", coordinate_transformation_mode="align_corners")
for name, run in [("onnxruntime", by_onnxruntime), ("reference", by_reference)]:
    print(name, [round(value, 2) for value in run(made, inputs)[0].ravel().tolist()])
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='onnxruntime [0.0, 1.5, 3.0, 12.0, 13.5, 15.0]
reference [0.0, 1.36, 2.73, 8.57, 9.94, 11.3]'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
