"""RTCAN-1D in PyTorch, both presets: a function of named tensors. Names are those of galvani's weight files."""
import math

import torch
import torch.nn.functional as F

from operators import channel_attention, normalise, temporal_attention

COMMON = {"in_channels": 3, "depth": 1, "units_per_stage": 2, "clips": 3, "shallow": True, "unit_sca": True, "classes": 2}
PRESETS = {
    "paper": {**COMMON, "preset": "paper", "attention": "sca-rnta", "sca_scope": "clip", "rnta_pool": "none", "stem": True,
              "final_stride": 1, "head": "logits"},
    "released": {**COMMON, "preset": "released", "attention": "rnta-sca", "sca_scope": "whole", "rnta_pool": "max2", "stem": False,
                 "final_stride": 3, "head": "softmax"},
}


class Shapes:
    """Names and shapes of all tensors, in the order in which the network uses them."""

    def __init__(self, config):
        self.parameters, self.buffers = {}, []
        self.length, self.config = config["length"], config
        width = config["channels"]
        inner = config["in_channels"]
        if config["shallow"]:
            self.conv("shallow", inner, width, 7, bias=True)
            self.halve()
            inner = width
            kinds = config["attention"]
            if "sca" in kinds or kinds == "parallel":
                self.sca("attention.sca", width)
            if "rnta" in kinds or kinds == "parallel":
                for part, shape in {"theta": (width // 2, width), "phi": (width // 2, width), "g": (width // 2, width),
                                    "out": (width, width // 2)}.items():
                    self.weight(f"attention.rnta.{part}", (*shape, 1))
                self.norm("attention.rnta.bn", width)
        if config["stem"]:
            self.conv("residual.stem", inner, width, 7)
            inner = width
            self.halve()
            self.halve()
        for s, width in enumerate(config["stage_channels"]):
            stage = f"residual.stages.{s}"
            self.conv(f"{stage}.downsample", inner, width, 1)
            self.halve()
            for u in range(config["units_per_stage"]):
                outer = width if config["preset"] == "paper" or u > 0 else inner
                if config["unit_sca"]:
                    self.sca(f"{stage}.units.{u}.sca", outer)
                for d in range(config["depth"]):
                    self.conv(f"{stage}.units.{u}.layers.{d}", outer if d == 0 else width, width, 3)
            inner = width
        self.conv("residual.final", inner, inner, 1)
        self.length = math.ceil(self.length / config["final_stride"])
        features = inner * (self.length - config["final_pool"] + 1) + config["music_dim"]
        for i, width in enumerate([*config["hidden"], config["classes"]]):
            self.weight(f"classifier.{i}", (width, features))
            features = width

    def halve(self):
        self.length = math.ceil(self.length / 2)

    def weight(self, name, shape, bias=True):
        self.parameters[f"{name}.weight"] = shape
        if bias:
            self.parameters[f"{name}.bias"] = (shape[0],)

    def norm(self, name, width):
        self.parameters[f"{name}.weight"] = self.parameters[f"{name}.bias"] = (width,)
        self.buffers += [f"{name}.running_mean", f"{name}.running_var"]

    def conv(self, name, inner, outer, kernel, bias=False):
        self.weight(f"{name}.conv", (outer, inner, kernel), bias)
        self.norm(f"{name}.bn", outer)

    def sca(self, name, width):
        hidden = width // self.config["sca_reduction"]
        self.weight(f"{name}.reduce", (hidden, width, 1))
        self.weight(f"{name}.expand", (width, hidden, 1))


class Network:
    """One forward pass. `t` holds parameters and buffers; in training the buffers are replaced in place."""

    def __init__(self, config, t, training):
        self.config, self.t = config, t
        self.mode = {"training": training, "momentum": 0.1, "eps": 1e-5, "pool": config["rnta_pool"]}
        self.taps = {}
        self.decisions = []  # what ReLUs and max pools decide on: numbers whose sign matters

    def conv(self, name, x, stride, padding):
        return F.conv1d(x, self.t[f"{name}.weight"], self.t.get(f"{name}.bias"), stride, padding)

    def norm(self, name, x):
        return normalise(x, self.t, self.mode, f"{name}.")

    def under(self, name):
        return {key[len(name) + 1:]: value for key, value in self.t.items() if key.startswith(f"{name}.")}

    def relu(self, x):
        self.decisions.append(x.detach())
        return F.relu(x)

    def max_pool(self, x, kernel, stride, padding):
        windows = F.pad(x.detach(), (padding, padding), value=-math.inf).unfold(2, kernel, stride)
        first, second = windows.topk(2, 3).values.unbind(3)
        self.decisions.append(torch.where(second.isinf(), torch.ones_like(first), first - second))
        return F.max_pool1d(x, kernel, stride, padding)

    def tap(self, name, x):
        self.taps[name] = x.detach()
        return x

    def sca(self, name, x):
        weights = self.under(name)
        self.decisions.append(F.conv1d(x.detach().mean(2, keepdim=True), weights["reduce.weight"], weights["reduce.bias"]))
        return channel_attention(x, weights)[0]

    def rnta(self, clip):
        weights = self.under("attention.rnta")
        if self.mode["pool"] == "max2":
            for part in ("phi", "g"):
                self.max_pool(F.conv1d(clip, weights[f"{part}.weight"], weights[f"{part}.bias"]), 2, 2, 0)
        return temporal_attention(clip, weights, self.mode)[0]

    def clips(self, x):
        n, length = self.config["clips"], x.shape[2]
        return x.tensor_split([length * i // n for i in range(1, n)], 2)

    def attention(self, x):
        config = self.config
        sca_clips = self.clips if config["sca_scope"] == "clip" else lambda whole: [whole]
        parts = {
            "sca": lambda y: self.tap("attention.sca", torch.cat([self.sca("attention.sca", clip) for clip in sca_clips(y)], 2)),
            "rnta": lambda y: self.tap("attention.rnta", torch.cat([self.rnta(clip) for clip in self.clips(y)], 2)),
        }
        if config["attention"] == "parallel":
            return self.tap("attention", torch.sigmoid(parts["sca"](x) + parts["rnta"](x)))
        for part in config["attention"].split("-") if config["attention"] != "none" else []:
            x = parts[part](x)
        return self.tap("attention", x)

    def branch(self, unit, x, stride):
        for d in range(self.config["depth"]):
            layer = f"{unit}.layers.{d}"
            x = self.relu(self.norm(f"{layer}.bn", self.conv(f"{layer}.conv", x, stride if d == 0 else 1, 1)))
        return x

    def downsample(self, name, x, stride):
        return self.norm(f"{name}.bn", self.conv(f"{name}.conv", x, stride, 0))

    def stage(self, s, x):
        config, name = self.config, f"residual.stages.{s}"
        released = config["preset"] == "released"
        if not released:
            x = self.downsample(f"{name}.downsample", x, 2)
        for u in range(config["units_per_stage"]):
            unit = f"{name}.units.{u}"
            attended = self.sca(f"{unit}.sca", x) if config["unit_sca"] else x
            if released and u == 0:
                shortcut = self.downsample(f"{name}.downsample", attended, 2)
                x = self.relu(self.branch(unit, attended, 2) + shortcut)
            else:
                x = self.relu(self.branch(unit, attended, 1) + x)
        return self.tap(name, x)

    def logits(self, eda, music):
        config, x = self.config, eda
        if config["shallow"]:
            x = self.tap("shallow", self.norm("shallow.bn", self.conv("shallow.conv", x, 2, 3)))
            x = self.attention(x)
        if config["stem"]:
            x = self.tap("residual.stem", self.relu(self.norm("residual.stem.bn", self.conv("residual.stem.conv", x, 2, 3))))
            x = self.tap("residual.maxpool", self.max_pool(x, 3, 2, 1))
        for s in range(len(config["stage_channels"])):
            x = self.stage(s, x)
        x = self.tap("residual.final", self.downsample("residual.final", x, config["final_stride"]))
        x = self.tap("features", F.avg_pool1d(x, config["final_pool"], 1).flatten(1))
        if music is not None:
            x = torch.cat([x, music], 1)
        last = len(config["hidden"])
        for i in range(last):
            x = self.tap(f"classifier.{i}", self.relu(F.linear(x, self.t[f"classifier.{i}.weight"], self.t[f"classifier.{i}.bias"])))
        return F.linear(x, self.t[f"classifier.{last}.weight"], self.t[f"classifier.{last}.bias"])

    def loss(self, logits, labels):
        """Cross-entropy of the head's output: the released code applies the softmax twice."""
        return F.cross_entropy(torch.softmax(logits, 1) if self.config["head"] == "softmax" else logits, labels)


def random_weights(config, draw):
    """Parameters and running statistics with every part at work: no scale is 1, no shift 0."""
    shapes = Shapes(config)
    parameters = {}
    for name, shape in shapes.parameters.items():
        if len(shape) > 1:
            parameters[name] = draw.weight(*shape)
        else:
            parameters[name] = draw.normal(*shape, scale=0.25) + (1 if name.endswith("bn.weight") else 0)
            parameters[name] = parameters[name].astype("float32")
    buffers = {}
    for name in shapes.buffers:
        width = shapes.parameters[name.rsplit(".", 1)[0] + ".weight"]
        buffers[name] = draw.normal(*width, scale=0.25) if name.endswith("mean") else draw.uniform(*width) + 0.5
        buffers[name] = buffers[name].astype("float32")
    return parameters, buffers


def as_tensors(arrays, dtype):
    return {name: torch.from_numpy(values.copy()).to(dtype) for name, values in arrays.items()}
