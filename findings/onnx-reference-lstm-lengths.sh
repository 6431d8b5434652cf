#!/usr/bin/env bash
# onnx 1.23.2: the reference evaluator of LSTM does not look at sequence_lens, clip and input_forget: a sequence of 1
# step comes out as one of 3, padding included. onnxruntime follows all three.
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


draw = np.random.default_rng(0)
inputs = {
    "x": draw.standard_normal((3, 1, 2)).astype(np.float32),
    "w": draw.standard_normal((1, 12, 2)).astype(np.float32),
    "r": draw.standard_normal((1, 12, 3)).astype(np.float32),
    "b": np.zeros((1, 24), np.float32),
}


def last_state(extra, **attributes):
    given = {**inputs, **extra}
    made = model("LSTM", given, outputs=3, hidden_size=3, **attributes)
    return [run(made, given)[1] for run in (by_onnxruntime, by_reference)]


plain = last_state({})[0]
for name, (theirs, reference) in {
    "sequence_lens": last_state({"lengths": np.array([1], np.int32)}),
    "clip": last_state({}, clip=0.1),
    "input_forget": last_state({}, input_forget=1),
}.items():
    changed = [not np.allclose(plain, state, atol=1e-5) for state in (theirs, reference)]
    print(name, "changes onnxruntime:", changed[0], "reference:", changed[1])
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='sequence_lens changes onnxruntime: True reference: False
clip changes onnxruntime: True reference: False
input_forget changes onnxruntime: True reference: False'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
