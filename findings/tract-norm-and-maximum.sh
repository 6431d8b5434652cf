#!/usr/bin/env bash
# tract 0.23.9 (ONNX in Rust): GlobalLpPool with p = 1 is the mean of the numbers in place of the sum of their sizes,
# and ReduceMax of a row of nothing but -Infinity, as a masked row of attention is, gives the least finite number.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check numpy==2.4.6 onnx==1.23.2 onnxruntime==1.32.0 tract==0.23.9 >/dev/null 2>&1
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


def by_tract(made, inputs):
    import tract

    onnx.save(made, "model.onnx")
    return [y.to_numpy() for y in tract.onnx().load("model.onnx").into_model().into_runnable().run(list(inputs.values()))]


inputs = {"x": np.array([[[[1, -3], [2, -1]]]], np.float32)}
made = model("GlobalLpPool", inputs, p=1)
masked = {"x": np.full((1, 3), -np.inf, np.float32)}
most = model("ReduceMax", masked, opset=13, axes=[1], keepdims=0)
for name, run in [("onnxruntime", by_onnxruntime), ("tract", by_tract)]:
    print(name, run(made, inputs)[0].ravel().tolist(), run(most, masked)[0].tolist())
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='onnxruntime [7.0] [-inf]
tract [-0.25] [-3.4028234663852886e+38]'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
