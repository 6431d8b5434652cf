#!/usr/bin/env bash
# onnx 1.23.2, onnxruntime 1.30.0: a convolution with auto_pad SAME_UPPER and dilations passes the checker and the making of a
# session, and is refused when it runs. Write explicit pads.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check onnx==1.23.2 onnxruntime==1.30.0 >/dev/null 2>&1
cat > run.py <<'PY'
import numpy, onnx, onnxruntime
from onnx import TensorProto, helper, numpy_helper

weight = numpy_helper.from_array(numpy.ones((1, 1, 3, 3), numpy.float32), "w")
node = helper.make_node("Conv", ["x", "w"], ["y"], auto_pad="SAME_UPPER", dilations=[2, 2], kernel_shape=[3, 3])
image = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 1, 7, 7])
result = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 1, 7, 7])
graph = helper.make_graph([node], "g", [image], [result], [weight])
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 22)], ir_version=10)
onnx.checker.check_model(model, full_check=True)
session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
try:
    session.run(None, {"x": numpy.ones((1, 1, 7, 7), numpy.float32)})
    print("checked, made, ran")
except Exception as error:
    print("checked, made, refused in run:", type(error).__name__)
PY
got=$(venv/bin/python run.py 2>/dev/null)
expected='checked, made, refused in run: InvalidArgument'
if [ "$got" != "$expected" ]; then
  printf 'changed: expected\n%s\ngot\n%s\n' "$expected" "$got"
  exit 1
fi
printf 'still so:\n%s\n' "$got"
