"""The PyTorch side of `axial-lab bench`: runs the public reference layers and nets, one request a line.

    python test/bench/reference.py --sources DIR

DIR holds checkouts of the reference sources, each found by a file that only it has: csrhddlam/axial-deeplab
(lib/models/axialnet.py), lucidrains/axial-attention (axial_attention/axial_attention.py) and
MartinGer/Stand-Alone-Self-Attention-in-Vision-Models (SASA_Layer.py). A case whose source is absent is answered as absent.

Reads requests as JSON lines and answers each with one JSON line:

    {"case": "layer-64x56", "mode": "training", "threads": 4}   ->  {"milliseconds": 612.3, "threads": 4}
    {"case": ..., "mode": ..., "threads": 4, "compiled": true}  ->  the same of torch.compile, or {"absent": why it fails}
    {"case": ..., "mode": ..., "threads": 4, "memory": true}    ->  {"peakBytes": ..., "growthBytes": ...}

`threads` is the most that may be used: on its first request a case tries 1, 2, ... threads up to it and keeps the fastest.
A time is the median of as many runs as last 250 ms together (of one, where that lasts as long), as in src/bench/measure.ts.
A memory request runs in a process of its own: the peak of the resident set, and its growth over the built model.
"""

import argparse
import importlib
import json
import resource
import statistics
import subprocess
import sys
import time
import types
from pathlib import Path

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--sources", type=Path, required=True)
parser.add_argument("--eager", action="store_true", help="no torch.compile: some nets take it a quarter of an hour")
parser.add_argument("--once", help="internal: run one memory request and exit")
options = parser.parse_args()


def find(relative):
    """The folder below --sources that holds the file, or None."""
    for folder in [options.sources, *sorted(p for p in options.sources.iterdir() if p.is_dir())]:
        if (folder / relative).exists():
            return folder
    return None


class Absent(Exception):
    pass


def load(file, module):
    folder = find(file)
    if folder is None:
        raise Absent(f"no checkout with {file} below the given sources")
    sys.path.insert(0, str(folder))
    try:
        return importlib.import_module(module)
    finally:
        sys.path.pop(0)


def axialnet():
    """csrhddlam's module alone: the package around it imports data loaders that timing does not need."""
    if "axial_models" not in sys.modules:
        folder = find("lib/models/axialnet.py")
        if folder is None:
            raise Absent("no checkout with lib/models/axialnet.py below the given sources")
        package = types.ModuleType("axial_models")
        package.__path__ = [str(folder / "lib" / "models")]
        sys.modules["axial_models"] = package
    return importlib.import_module("axial_models.axialnet"), importlib.import_module("axial_models.resnet")


class AttentionCore(nn.Module):
    """The middle of the axial layer as einsums: three logit terms, a scale for each per head, softmax, two outputs."""

    def __init__(self, heads, key_depth, value_depth, length):
        super().__init__()
        offsets = torch.arange(length)[:, None] - torch.arange(length)[None, :] + length - 1
        self.register_buffer("index", offsets.reshape(-1))
        self.heads, self.depths, self.length = heads, (key_depth, key_depth, value_depth), length
        self.relative = nn.Parameter(torch.randn(sum(self.depths), 2 * length - 1))
        self.scales = nn.Parameter(torch.ones(3, heads))

    def forward(self, qkv):
        sequences, _, length = qkv.shape
        q, k, v = qkv.view(sequences, self.heads, -1, length).split(self.depths, dim=2)
        tables = self.relative.index_select(1, self.index).view(-1, length, length)
        q_table, k_table, v_table = tables.split(self.depths, dim=0)
        content = torch.einsum("bgci,bgcj->bgij", q, k)
        query_position = torch.einsum("bgci,cij->bgij", q, q_table)
        key_position = torch.einsum("bgci,cij->bgij", k, k_table).transpose(2, 3)
        a, b, c = (scale.view(1, -1, 1, 1) for scale in self.scales)
        weights = (a * content + b * query_position + c * key_position).softmax(dim=3)
        return torch.cat(
            [torch.einsum("bgij,bgcj->bgci", weights, v), torch.einsum("bgij,cij->bgci", weights, v_table)], dim=2
        )


def core(sequences, key_depth, value_depth, length, heads=8):
    return AttentionCore(heads, key_depth, value_depth, length), torch.randn(
        sequences, heads * (2 * key_depth + value_depth), length
    )


CASES = {
    "core-56": lambda: core(448, 4, 8, 56),
    "core-28": lambda: core(224, 8, 16, 28),
    "core-14": lambda: core(112, 16, 32, 14),
    "layer-64x56": lambda: (axialnet()[0].AxialAttention(64, 64, groups=8, kernel_size=56), torch.randn(8, 64, 56, 56)),
    "axial-resnet-26-s": lambda: (axialnet()[0].axial26s(), torch.randn(8, 3, 224, 224)),
    "axial-resnet-50-s": lambda: (axialnet()[0].axial50s(), torch.randn(8, 3, 224, 224)),
    "resnet-50": lambda: (axialnet()[1].resnet50(), torch.randn(8, 3, 224, 224)),
    "axial-transformer-64x64x128": lambda: (
        load("axial_attention/axial_attention.py", "axial_attention").AxialAttention(dim=128, heads=8, dim_index=1),
        torch.randn(8, 128, 64, 64),
    ),
    "sasa-7x7-64x56": lambda: (
        load("SASA_Layer.py", "SASA_Layer").SASA_Layer(64, kernel_size=7, num_heads=8, image_size=56),
        torch.randn(8, 64, 56, 56),
    ),
}


def prepare(case, mode, compiled=False):
    """Returns a function that runs the case once. Nets train with loss and optimiser, layers with a given cotangent."""
    torch.manual_seed(0)
    model, x = CASES[case]()
    if compiled:
        model = torch.compile(model)
    if mode == "evaluation":
        model.eval()

        def evaluate():
            with torch.no_grad():
                model(x)

        return evaluate
    model.train()
    if x.dim() == 4 and x.shape[1] == 3:
        labels = torch.arange(x.shape[0]) % 1000
        optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=8e-5)

        def step():
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(model(x), labels).backward()
            optimizer.step()

        return step
    x.requires_grad_(True)
    cotangent = None

    def layer_step():
        nonlocal cotangent
        x.grad = None
        model.zero_grad(set_to_none=True)
        y = model(x)
        if cotangent is None:  # not when it is prepared: a pass by then would hide how far memory grows
            cotangent = torch.randn_like(y)
        y.backward(cotangent)

    return layer_step


ROUND_MILLISECONDS = 250


def timed(run):
    times = []
    while sum(times) < ROUND_MILLISECONDS:
        start = time.perf_counter()
        run()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


prepared = {}


def measure(case, mode, threads, compiled):
    key = (case, mode, threads, compiled)
    if key not in prepared:
        run = prepare(case, mode, compiled)
        best = None
        for count in [n for n in (1, 2, 4, 8, 16, 32) if n < threads] + [threads]:
            torch.set_num_threads(count)
            run()
            elapsed = min(timed(run), timed(run))
            if best is None or elapsed < best[0]:
                best = (elapsed, count)
        if any(other[:3] != key[:3] for other in prepared):
            prepared.clear()  # one case at a time: its memory is given back
        prepared[key] = (run, best[1])
    run, count = prepared[key]
    torch.set_num_threads(count)
    return {"milliseconds": timed(run), "threads": count}


def resident():
    """Peak resident set in bytes. On Linux not ru_maxrss, which a process inherits from the one that started it."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return next(int(line.split()[1]) * 1024 for line in status.read_text().splitlines() if line.startswith("VmHWM:"))


def memory(request):
    torch.set_num_threads(request["threads"])
    run = prepare(request["case"], request["mode"])
    before = resident()
    for _ in range(2):
        run()
    peak = resident()
    return {"peakBytes": peak, "growthBytes": peak - before}


def answer(request):
    try:
        if request.get("case") not in CASES:
            return {"absent": f"unknown case {request.get('case')}"}
        if not request.get("memory"):
            try:
                return measure(request["case"], request["mode"], request["threads"], bool(request.get("compiled")))
            except Absent:
                raise
            except Exception as error:
                if not request.get("compiled"):
                    raise
                return {"absent": f"torch.compile: {type(error).__name__}: {str(error).strip().splitlines()[0]}"}
        command = [sys.executable, __file__, "--sources", str(options.sources), "--once", json.dumps(request)]
        return json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    except Absent as absent:
        return {"absent": str(absent)}


if options.once:
    print(json.dumps(memory(json.loads(options.once))))
else:
    print(json.dumps({"reference": "PyTorch", "version": torch.__version__, "compiles": not options.eager}), flush=True)
    for line in sys.stdin:
        if line.strip():
            print(json.dumps(answer(json.loads(line))), flush=True)
