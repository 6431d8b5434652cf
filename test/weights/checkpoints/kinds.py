"""The weights of one small layer, saved in the ways in which training programs save them.

    python test/weights/checkpoints/kinds.py weights.safetensors DIR

writes DIR/*.pth, DIR/*.ckpt, DIR/*.safetensors and DIR/kinds.json, which says what each is and what is expected of it;
`node dist/test/weights/checkpoints/kinds.js DIR` makes the fixture of them. Written with PyTorch 2.15.0, NumPy 2.4.6,
safetensors 0.8.0, Lightning 2.6.6 and fastcore 2.2.41; weights.safetensors as `axial.weights.save` writes it for the layer of
test/weights/checkpoints/kinds.ts.
"""

import argparse
import collections
import datetime
import decimal
import json
import math
import pathlib
import random
import sys
import warnings
from collections import OrderedDict

import lightning
import numpy
import torch
from fastcore.foundation import L
from lightning.pytorch.callbacks import WeightAveraging
from safetensors.torch import load_file, save_file
from torch.optim.swa_utils import AveragedModel

warnings.filterwarnings("ignore")
torch.manual_seed(0)
source, folder = sys.argv[1], pathlib.Path(sys.argv[2])
folder.mkdir(parents=True, exist_ok=True)
kinds = []

weights = OrderedDict(load_file(source))
halves = OrderedDict((name, value / 2 if value.is_floating_point() else value) for name, value in weights.items())


def under(prefix, state=weights):
    return OrderedDict((prefix + name, value) for name, value in state.items())


def write(what, value, expected="whole", file=None, **options):
    """`expected`: "whole" (every weight as saved), "half" (every one half of it), or a part of the error's text."""
    file = file or f"{len(kinds):02d}.pth"
    if file.endswith(".safetensors"):
        save_file({name: tensor.contiguous() for name, tensor in value.items()}, folder / file)
    elif value is not None:
        torch.save(value, folder / file, **options)
    kinds.append({"file": file, "what": what, "expected": expected})


def tensors(what, value, expected="whole"):
    write(what, value, expected)
    write(f"{what}, safetensors", value, expected, file=f"{len(kinds):02d}.safetensors")


tensors("`state_dict()`", weights)
write("the same, format before PyTorch 1.6", weights, _use_new_zipfile_serialization=False)
tensors("`DataParallel`, `DistributedDataParallel`: `module.`", under("module."))
tensors("`torch.compile`: `_orig_mod.`", under("_orig_mod."))
tensors("both: `module._orig_mod.`", under("module._orig_mod."))
tensors("both: `_orig_mod.module.`", under("_orig_mod.module."))
tensors("an attribute of a larger module: `net.`", under("net."))
tensors("`model.`", under("model."))
tensors("`net._orig_mod.`", under("net._orig_mod."))
tensors("deep in another model: `backbone.0.body.`", under("backbone.0.body."))
inner = OrderedDict((name.replace("bn_qkv.", "bn_qkv._orig_mod."), value) for name, value in weights.items())
write("a part of it compiled: `bn_qkv._orig_mod.weight`", inner)
for key in ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params"]:
    write(f"under `{key}`, beside an optimiser", {"epoch": 3, "optimizer": {"state": {0: {"exp_avg": torch.ones(3)}}}, key: weights})
write("three dicts deep", {"checkpoint": {"model": {"state_dict": under("module.")}}})
write("in a list", [weights, {"lr": 0.1}])
write("beside a tensor, `best_acc1`", {"state_dict": weights, "best_acc1": torch.tensor(71.25)})
# The whole state is 5 kB of noise, which no fixture needs.
rng = torch.get_rng_state()[:64].clone()
write("beside a loss and a random state", {"loss": torch.tensor(0.5), "rng": rng, "model": weights})

write("`AveragedModel` (`n_averaged` beside `module.`)", OrderedDict([("n_averaged", torch.tensor(5)), *under("module.").items()]))
write("timm: `state_dict` and `state_dict_ema`", {"state_dict": weights, "state_dict_ema": halves})
write("the same, `weights: \"ema\"`", {"state_dict": weights, "state_dict_ema": halves}, "half")
for key in ["model_ema", "ema", "ema_state_dict", "swa_model"]:
    write(f"`model` and `{key}`, `weights: \"ema\"`", {"model": weights, key: under("module.", halves)}, "half")
write("nothing but `model_ema`", {"model_ema": weights})
write("`weights: \"ema\"` of a file that has none", {"model": weights}, "must hold a moving average")
write("DINO: `student` and `teacher`", {"student": under("module.backbone."), "teacher": under("backbone.", halves)}, "must say which weights")
write("the same, `weights: \"teacher\"`", {"student": under("module.backbone."), "teacher": under("backbone.", halves)}, "half")


class Net(torch.nn.Module):
    def __init__(self, state):
        super().__init__()
        for name, value in state.items():
            *path, last = name.split(".")
            module = self
            for part in path:
                if not hasattr(module, part):
                    module.add_module(part, torch.nn.Module())
                module = getattr(module, part)
            if value.is_floating_point() and "running" not in last:
                module.register_parameter(last, torch.nn.Parameter(value.clone()))
            else:
                module.register_buffer(last, value.clone())

    def forward(self, x):
        return x


class Lit(lightning.LightningModule):
    def __init__(self, lr=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.net = Net(weights)
        self.head = torch.nn.Linear(2, 1)

    def training_step(self, batch):
        return self.head(batch).mean()

    def configure_optimizers(self):
        return torch.optim.SGD(self.head.parameters(), self.hparams.lr)


def fit(file, callbacks):
    options = dict(logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False)
    trainer = lightning.Trainer(max_epochs=1, accelerator="cpu", callbacks=callbacks, **options)
    trainer.fit(Lit(), torch.utils.data.DataLoader(torch.randn(2, 2)))
    trainer.save_checkpoint(folder / file)


fit("lightning.ckpt", [])
write("Lightning: `state_dict` with `net.`, hyper-parameters, loops", None, file="lightning.ckpt")
fit("lightning-average.ckpt", [WeightAveraging(use_buffers=True)])
write("Lightning's `WeightAveraging`: `current_model_state`", None, file="lightning-average.ckpt")

write("a whole model, `torch.save(model)`", Net(weights))
write("a whole model under `model`", {"model": Net(weights), "epoch": 3})
write("a whole `DataParallel` model", torch.nn.DataParallel(Net(weights)))
write("a whole `AveragedModel`", AveragedModel(Net(weights)))
torch.jit.script(Net(weights)).save(folder / "torchscript.pt")
write("TorchScript, `torch.jit.save`", None, file="torchscript.pt")

for what, value in {
    "a `Counter`": collections.Counter("abca"),
    "a `set` and a `frozenset`": [{1, 2}, frozenset({3})],
    "a `torch.device` and a `torch.dtype`": [torch.device("cpu"), torch.float16],
    "a complex number": 1 + 2j,
    "a NumPy scalar": numpy.float64(71.25),
    "a NumPy array and dtype": [numpy.arange(6).reshape(2, 3), numpy.dtype("f4")],
    "an `argparse.Namespace`": argparse.Namespace(lr=0.1, more=argparse.Namespace(x=1)),
    "fastcore's `L`": L("a", "b"),
    "a `defaultdict` and a `deque`": [collections.defaultdict(list, {"a": [1]}), collections.deque([1, 2])],
    "a path, a date, a decimal": [pathlib.PurePosixPath("/data"), datetime.datetime(2026, 1, 2), decimal.Decimal("1.5")],
    "a function, a class, a slice, an ellipsis": [math.sqrt, dict, slice(1, 2), ...],
    "Python's random state": (*random.getstate()[:1], random.getstate()[1][:9], None),
    "integers of any size, bytes": [10**40, -(10**700), bytearray(b"xyz"), b"xyz"],
    "a uint16 tensor": torch.arange(5).to(torch.uint16),
    "a float8 tensor": torch.randn(4).to(torch.float8_e4m3fn),
    "a complex64 tensor": torch.randn(3, dtype=torch.complex64),
    "sparse tensors": [torch.eye(3).to_sparse(), torch.eye(3).to_sparse_csr()],
}.items():
    write(f"beside {what}", {"state_dict": weights, "more": value})
everything = {"state_dict": weights, "more": [collections.Counter("ab"), {1}, numpy.float64(1), 1 + 2j, numpy.arange(3)]}
for protocol in [3, 4, 5]:
    write(f"pickle protocol {protocol}, beside such objects", everything, pickle_protocol=protocol)
odd = {"float8": torch.randn(3).to(torch.float8_e4m3fn), "complex": torch.randn(3, dtype=torch.complex64)}
write("safetensors beside float8 and complex64", {**weights, **odd}, file="odd.safetensors")

first = "bn_qkv.weight"


def needed(what, value, expected="ones"):
    write(what, {**weights, first: value}, expected)


shape = weights[first].shape
one = torch.ones(shape)
for dtype in [torch.float64, torch.float16, torch.bfloat16, torch.float8_e4m3fn, torch.float8_e5m2, torch.uint16, torch.int32]:
    needed(f"a needed tensor of dtype {str(dtype)[6:]}", one.to(dtype))
write("the same float8, safetensors", {**weights, first: one.to(torch.float8_e4m3fn)}, "ones", file="needed.safetensors")
needed("an expanded tensor (stride 0)", torch.ones(1).expand(shape))
needed("a slice of a larger tensor", torch.ones(2 * shape[0])[::2])
tagged = one.clone()
tagged.tag = "x"
needed("a tensor with attributes of its own", tagged)
needed("a needed complex64 tensor", one.to(torch.complex64), "is of dtype C64 (complex numbers)")
needed("a needed sparse tensor", one.to_sparse(), "is sparse; save it as to_dense() gives it")
needed("a needed quantised tensor", torch.quantize_per_tensor(one, 0.1, 0, torch.qint8), "is quantised")
needed("a needed NumPy array", one.numpy(), "is a NumPy array; save it as torch.from_numpy(array)")
needed("a needed tensor on the device meta", torch.empty(shape, device="meta"), "has no numbers")


class Unsafe:
    def __reduce__(self):
        return (print, ("called",))


needed("code in the place of a needed tensor", Unsafe(), "which only Python can make")
write("code beside the weights (it is not run)", {"state_dict": weights, "more": Unsafe()})

(folder / "kinds.json").write_text(json.dumps(kinds, indent=1))
