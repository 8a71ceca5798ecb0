"""A training step of RTCAN-1D (preset paper) in PyTorch, one for each line on stdin; the protocol is in README.md."""
import argparse
import ctypes
import json
import os
import platform
import sys
import time

# Messages of libraries may not reach the answers.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

CLIPS = 3
FINAL_POOL = 14


class ChannelAttention(nn.Module):
    def __init__(self, channels, reduction=8):
        super().__init__()
        self.reduce = nn.Conv1d(channels, channels // reduction, 1)
        self.expand = nn.Conv1d(channels // reduction, channels, 1)

    def forward(self, x):
        pooled = x.mean(2, keepdim=True)
        return x * torch.sigmoid(self.expand(F.relu(self.reduce(pooled))))


class TemporalAttention(nn.Module):
    def __init__(self, channels):
        super().__init__()
        inner = channels // 2
        self.theta = nn.Conv1d(channels, inner, 1)
        self.phi = nn.Conv1d(channels, inner, 1)
        self.g = nn.Conv1d(channels, inner, 1)
        self.out = nn.Conv1d(inner, channels, 1)
        self.bn = nn.BatchNorm1d(channels)

    def forward(self, x):
        attention = torch.softmax(self.theta(x).transpose(1, 2) @ self.phi(x), dim=-1)
        z = self.g(x) @ attention.transpose(1, 2)
        return self.bn(self.out(z)) + x


class AttentionModule(nn.Module):
    """Both attentions see a third of the signal at a time."""

    def __init__(self, channels):
        super().__init__()
        self.sca = ChannelAttention(channels)
        self.rnta = TemporalAttention(channels)

    def forward(self, x):
        cuts = [x.shape[2] * i // CLIPS for i in range(1, CLIPS)]
        return torch.cat([self.rnta(self.sca(clip)) for clip in torch.tensor_split(x, cuts, dim=2)], dim=2)


class ConvNorm(nn.Module):
    def __init__(self, in_channels, channels, kernel, stride=1, bias=False):
        super().__init__()
        self.conv = nn.Conv1d(in_channels, channels, kernel, stride, kernel // 2, bias=bias)
        self.bn = nn.BatchNorm1d(channels)

    def forward(self, x):
        return self.bn(self.conv(x))


class Unit(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.sca = ChannelAttention(channels)
        self.layers = nn.ModuleList([ConvNorm(channels, channels, 3)])

    def forward(self, x):
        y = self.sca(x)
        for layer in self.layers:
            y = F.relu(layer(y))
        return F.relu(x + y)


class Stage(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.downsample = ConvNorm(channels, channels, 1, stride=2)
        self.units = nn.ModuleList([Unit(channels), Unit(channels)])

    def forward(self, x):
        x = self.downsample(x)
        for unit in self.units:
            x = unit(x)
        return x


class Residual(nn.Module):
    def __init__(self, channels, stages):
        super().__init__()
        self.stem = ConvNorm(channels, channels, 7, stride=2)
        self.stages = nn.ModuleList([Stage(channels) for _ in range(stages)])
        self.final = ConvNorm(channels, channels, 1)

    def forward(self, x):
        x = F.max_pool1d(F.relu(self.stem(x)), 3, 2, 1)
        for stage in self.stages:
            x = stage(x)
        return F.avg_pool1d(self.final(x), FINAL_POOL, 1)


class Rtcan1d(nn.Module):
    def __init__(self, in_channels=3, channels=64, stages=4, features=448, music=6373, classes=2):
        super().__init__()
        self.shallow = ConvNorm(in_channels, channels, 7, stride=2, bias=True)
        self.attention = AttentionModule(channels)
        self.residual = Residual(channels, stages)
        widths = [features + music, 256, 128, classes]
        self.classifier = nn.ModuleList([nn.Linear(a, b) for a, b in zip(widths, widths[1:])])

    def forward(self, eda, music):
        x = self.residual(self.attention(self.shallow(eda)))
        x = torch.cat([x.flatten(1), music], dim=1)
        for layer in self.classifier[:-1]:
            x = F.relu(layer(x))
        return self.classifier[-1](x)


DTYPES = {"F32": torch.float32, "I32": torch.int32}


def read_safetensors(path):
    data = bytearray(open(path, "rb").read())
    start = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    for name, entry in json.loads(data[8:start]).items():
        begin, end = entry["data_offsets"]
        values = torch.frombuffer(data[start + begin:start + end], dtype=DTYPES[entry["dtype"]])
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def write_safetensors(path, tensors):
    header, parts, at = {}, [], 0
    for name, tensor in tensors.items():
        values = tensor.detach().cpu().contiguous()
        parts.append(ctypes.string_at(values.data_ptr(), 4 * values.numel()))  # numpy is no part of PyTorch
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [at, at + len(parts[-1])]}
        at += len(parts[-1])
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(parts))


def blas():
    """The library that multiplies matrices makes much of the difference on a CPU."""
    if torch.backends.mkl.is_available():
        return "MKL"
    try:
        names = {os.path.basename(line.split()[-1]) for line in open("/proc/self/maps") if "blas" in line and ".so" in line}
    except OSError:
        return "unknown"
    return ", ".join(sorted(names)) or "unknown"


class Trainer:
    def __init__(self, options, device):
        self.device = device
        self.model = Rtcan1d().to(device)
        self.model.load_state_dict(read_safetensors(options.weights), strict=False)  # BN's step counters are not in it
        batch = {name: tensor.to(device) for name, tensor in read_safetensors(options.batch).items()}
        self.inputs, self.labels = (batch["eda"], batch["music"]), batch["labels"].long()
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=options.rate, momentum=options.momentum)
        self.forward = torch.compile(self.model) if options.compile else self.model

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        loss = F.cross_entropy(self.forward(*self.inputs), self.labels)
        loss.backward()
        self.optimizer.step()
        if self.device.type == "cuda":
            torch.cuda.synchronize()
        return loss.item()

    def timed_step(self):
        cpu, start = time.process_time(), time.perf_counter()
        loss = self.step()
        return {"ms": 1000 * (time.perf_counter() - start), "cpu_ms": 1000 * (time.process_time() - cpu), "loss": loss}

    def save(self, path):
        write_safetensors(path, dict(self.model.named_parameters()))
        return {}


def describe(device, threads):
    versions = {"torch": torch.__version__, "python": platform.python_version()}
    if device.type == "cuda":
        return {"versions": {**versions, "cuda": torch.version.cuda}, "adapter": torch.cuda.get_device_name(device)}
    return {"versions": {**versions, "blas": blas()}, "adapter": f"CPU, {threads} threads"}


def main():
    parser = argparse.ArgumentParser()
    for name in ("--weights", "--batch", "--answers"):
        parser.add_argument(name, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--momentum", type=float, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--compile", action="store_true")
    options = parser.parse_args()
    if options.compile and not hasattr(torch, "compile"):
        sys.exit(f"torch.compile needs PyTorch 2, this is {torch.__version__}")
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.allow_tf32 = False  # galvani and the others compute in float32
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    trainer = Trainer(options, device)
    say(describe(device, options.threads))
    for line in sys.stdin:
        say(trainer.timed_step() if line.strip() == "step" else trainer.save(options.answers))


def say(document):
    answers.write(json.dumps(document) + "\n")
    answers.flush()


main()
