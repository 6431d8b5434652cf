"""The PyTorch side of test/bench/panoptic.ts: Panoptic-DeepLab on a ResNet, as the preset panoptic-streets-convolution has it.

    python test/bench/panoptic.py ROWS COLUMNS BATCH THREADS

Prints one JSON line: parameters, milliseconds of an evaluation and of a training step without the optimiser, medians of five.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

rows, columns, batch, threads = map(int, sys.argv[1:])
classes = 11
torch.set_num_threads(threads)
torch.manual_seed(0)


def convolved(inputs, filters, size=1, stride=1, dilation=1, groups=1, relu=True):
    padding = dilation * (size // 2)
    convolution = nn.Conv2d(inputs, filters, size, stride, padding, dilation, groups, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(filters), *([nn.ReLU()] if relu else []))


class Bottleneck(nn.Module):
    def __init__(self, inputs, width, filters, stride, dilation):
        super().__init__()
        self.body = nn.Sequential(
            convolved(inputs, width),
            convolved(width, width, 3, stride, dilation),
            convolved(width, filters, relu=False),
        )
        projects = stride != 1 or inputs != filters
        self.shortcut = convolved(inputs, filters, stride=stride, relu=False) if projects else nn.Identity()

    def forward(self, x):
        return F.relu(self.body(x) + self.shortcut(x))


def separable(inputs, filters):
    return nn.Sequential(convolved(inputs, inputs, 5, groups=inputs), convolved(inputs, filters))


def enlarged(x, size):
    return F.interpolate(x, size, mode="bilinear", align_corners=True)


class Decoder(nn.Module):
    def __init__(self, skips, filters):
        super().__init__()
        self.pyramid = convolved(512, 128)
        self.skips = nn.ModuleList([convolved(128, skips[0]), convolved(64, skips[1])])
        self.fuse = nn.ModuleList([separable(128 + skips[0], filters), separable(filters + skips[1], filters)])

    def forward(self, stages):
        x = self.pyramid(stages[3])
        for skip, fuse, stage in zip(self.skips, self.fuse, (stages[1], stages[0])):
            beside = skip(stage)
            x = fuse(torch.cat([enlarged(x, beside.shape[2:]), beside], 1))
        return x


def head(inputs, width, filters):
    return nn.Sequential(separable(inputs, width), nn.Conv2d(width, filters, 1))


class PanopticDeepLab(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(
            convolved(3, 16, 3, 2), convolved(16, 16, 3), convolved(16, 32, 3), nn.MaxPool2d(3, 2, 1)
        )
        self.stages = nn.ModuleList()
        inputs = 32
        for index, (blocks, stride) in enumerate(zip((1, 2, 4, 2), (1, 2, 2, 1))):
            filters = 64 * 2**index
            stage = []
            for block in range(blocks):
                dilation = 2 if index == 3 else 1
                stage.append(Bottleneck(inputs, 3 * filters // 8, filters, stride if block == 0 else 1, dilation))
                inputs = filters
            self.stages.append(nn.Sequential(*stage))
        self.semantic, self.instance = Decoder((64, 32), 128), Decoder((32, 16), 64)
        self.heads = nn.ModuleList([head(128, 128, classes), head(64, 32, 1), head(64, 32, 2)])

    def forward(self, x, whole=True):
        stages = []
        x = self.stem(x)
        for stage in self.stages:
            x = stage(x)
            stages.append(x)
        semantic, instance = self.semantic(stages), self.instance(stages)
        outputs = [self.heads[0](semantic), self.heads[1](instance), self.heads[2](instance)]
        return [enlarged(output, (rows, columns)) for output in outputs] if whole else outputs


def loss(outputs):
    logits, heat, ways = outputs
    pixels = F.cross_entropy(logits, labels, reduction="none").flatten(1)
    hardest = pixels.topk(pixels.shape[1] // 5, 1).values.mean()
    return hardest + 200 * (heat - 0.1).square().mean() + 0.01 * (ways - 3).abs().mean()


network = PanopticDeepLab()
images = torch.randn(batch, 3, rows, columns)
labels = torch.randint(0, classes, (batch, rows, columns))


def train():
    network.train()
    network.zero_grad()
    loss(network(images)).backward()


def evaluate():
    network.eval()
    with torch.inference_mode():
        network(images, whole=False)


def milliseconds(work):
    work()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times)


answer = {
    "version": torch.__version__,
    "parameters": sum(parameter.numel() for parameter in network.parameters()),
    "evaluation": milliseconds(evaluate),
    "training": milliseconds(train),
}
print(json.dumps(answer))
