#!/usr/bin/env bash
# onnx 1.23.2: max pooling with auto_pad SAME_LOWER gives a smaller map in the reference evaluator than shape
# inference of the same package states and onnxruntime computes; SAME_UPPER has the right size in all three.
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


inputs = {"x": np.ones((1, 1, 7, 5), np.float32)}
for pad in ["SAME_UPPER", "SAME_LOWER"]:
    made = model("MaxPool", inputs, kernel_shape=[3, 2], strides=[2, 2], auto_pad=pad)
    stated = [d.dim_value for d in made.graph.output[0].type.tensor_type.shape.dim]
    print(pad, "stated", stated[2:], "onnxruntime", list(by_onnxruntime(made, inputs)[0].shape[2:]), end=" ")
    print("reference", list(by_reference(made, inputs)[0].shape[2:]))
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='SAME_UPPER stated [4, 3] onnxruntime [4, 3] reference [4, 3]
SAME_LOWER stated [4, 3] onnxruntime [4, 3] reference [3, 2]'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
