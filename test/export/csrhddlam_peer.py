"""Loads FOLDER/weights.safetensors into the network NAME of the sources of csrhddlam/axial-deeplab, strictly, and compares its
logits with ours."""
import importlib
import sys
import types
from pathlib import Path

import torch
from safetensors.torch import load_file

folder, sources, name = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
# The modules of the networks alone: what the package imports beside them is for data sets and logs.
package = types.ModuleType("networks")
package.__path__ = [str(sources / "lib" / "models")]
sys.modules["networks"] = package
axialnet = importlib.import_module("networks.axialnet")
network = getattr(axialnet, name)(num_classes=7)
network.load_state_dict(load_file(folder / "weights.safetensors"), strict=True)
case = load_file(folder / "case.safetensors")
with torch.no_grad():
    logits = network.eval()(case["image"].permute(0, 3, 1, 2))
error = ((logits - case["logits"]).abs().max() / case["logits"].abs().max().clamp(min=1)).item()
print(f"{error:.1e}  loaded strictly, torch {torch.__version__}")
sys.exit(0 if error < 1e-4 else 1)
