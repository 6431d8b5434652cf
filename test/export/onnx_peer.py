"""Runs FOLDER/model.onnx on the images of FOLDER/case.safetensors and compares with the outputs there: below 1e-4."""
import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime
from safetensors.numpy import load_file

folder = Path(sys.argv[1])
onnx.checker.check_model(str(folder / "model.onnx"), full_check=True)
case = load_file(folder / "case.safetensors")
session = onnxruntime.InferenceSession(str(folder / "model.onnx"), providers=["CPUExecutionProvider"])
worst = 0.0
for index in range(sum(key.startswith("image") for key in case)):
    outputs = session.run(None, {"image": case[f"image{index}"]})
    for i, output in enumerate(outputs):
        expected = case[f"output{index}.{i}"]
        assert output.shape == expected.shape, (output.shape, expected.shape)
        assert numpy.isfinite(output).all()
        worst = max(worst, float(numpy.abs(output - expected).max() / max(1.0, numpy.abs(expected).max())))
nodes = len(onnx.load(folder / "model.onnx", load_external_data=False).graph.node)
print(f"{worst:.1e}  {nodes} nodes, onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}")
sys.exit(0 if worst < 1e-4 else 1)
