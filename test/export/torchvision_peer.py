"""Loads FOLDER/weights.safetensors into torchvision's network NAME, strictly, and compares its logits with ours."""
import sys
from pathlib import Path

import torch
import torchvision
from safetensors.torch import load_file

folder, name = Path(sys.argv[1]), sys.argv[2]
network = getattr(torchvision.models, name)(num_classes=7)
network.load_state_dict(load_file(folder / "weights.safetensors"), strict=True)
case = load_file(folder / "case.safetensors")
with torch.no_grad():
    logits = network.eval()(case["image"].permute(0, 3, 1, 2))
error = ((logits - case["logits"]).abs().max() / case["logits"].abs().max().clamp(min=1)).item()
print(f"{error:.1e}  loaded strictly, torch {torch.__version__}, torchvision {torchvision.__version__}")
sys.exit(0 if error < 1e-4 else 1)
