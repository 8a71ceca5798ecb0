"""Optimizer steps on given gradients, and the learning rate of each epoch, by torch.optim."""
import numpy as np
import torch

from draw import Draw
from tolerances import expectations

SIZE = 37


def make(parameters, name, lr, momentum=0, weight_decay=0, betas=(0.9, 0.999), eps=1e-8):
    if name == "sgd":
        return torch.optim.SGD(parameters, lr, momentum=momentum, weight_decay=weight_decay)
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[name]
    return kind(parameters, lr, betas=tuple(betas), eps=eps, weight_decay=weight_decay)


def trace(attrs, start, gradients, dtype, drop):
    p = torch.nn.Parameter(torch.from_numpy(start.copy()).to(dtype))
    optimizer = make([p], **attrs)
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, *drop) if drop else None
    results = {}
    for step, gradient in enumerate(gradients, 1):
        p.grad = torch.from_numpy(gradient.copy()).to(dtype)
        optimizer.step()
        if schedule:
            schedule.step()
        results[f"p.{step}"] = p.detach().numpy().copy()
    state = optimizer.state[p]
    for key in ("momentum_buffer", "exp_avg", "exp_avg_sq"):
        if state.get(key) is not None:
            results[f"state.{key}"] = state[key].numpy().copy()
    return results


def steps(folder):
    for label, attrs, drop in [
        ("sgd", {"name": "sgd", "lr": 0.1, "momentum": 0, "weight_decay": 0}, None),
        ("sgd_momentum", {"name": "sgd", "lr": 0.05, "momentum": 0.9, "weight_decay": 0.01}, None),
        ("sgd_rate_drops", {"name": "sgd", "lr": 0.1, "momentum": 0.9, "weight_decay": 0}, (2, 0.7)),
        ("adam", {"name": "adam", "lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0}, None),
        ("adam_decay", {"name": "adam", "lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1}, None),
        ("adam_large_eps", {"name": "adam", "lr": 0.1, "betas": [0.8, 0.9], "eps": 0.25, "weight_decay": 0}, None),
        ("adamw", {"name": "adamw", "lr": 0.01, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.1}, None),
        ("adamw_large_eps", {"name": "adamw", "lr": 0.1, "betas": [0.8, 0.9], "eps": 0.25, "weight_decay": 0.5}, None),
    ]:
        draw = Draw(label)
        start, gradients = draw.normal(SIZE), [draw.normal(SIZE) for _ in range(7)]
        reference = trace(attrs, start, gradients, torch.float64, drop)
        expect = expectations(reference, [trace(attrs, start, gradients, torch.float32, drop)], 2e-6)
        named = {f"grad.{step}": gradient for step, gradient in enumerate(gradients, 1)}
        stored = {"p.0": start, **named, **{key: values.astype(np.float32) for key, values in reference.items()}}
        file = folder.tensors(f"ops/{label}.safetensors", stored, f"op/{label}")
        more = {"lr_schedule": f"multiplied by {drop[1]} after every {drop[0]} steps"} if drop else {}
        folder.cases.append({"id": f"op/{label}", "kind": "optimizer", "op": attrs["name"], "file": file,
                             "attrs": {**attrs, **more}, "steps": len(gradients), "expect": expect})


def schedules(folder):
    for lr, every, gamma in [(0.001, 15, 0.9), (0.02, 2, 0.5), (0.3, 1, 0.97)]:
        optimizer = make([torch.nn.Parameter(torch.zeros(1))], "sgd", lr)
        schedule = torch.optim.lr_scheduler.StepLR(optimizer, every, gamma)
        rates = []
        for _ in range(40):
            rates.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step()
        name = f"steplr_{every}"
        file = folder.tensors(f"ops/{name}.safetensors", {"lr": np.array(rates, np.float32)}, f"op/{name}")
        folder.cases.append({"id": f"op/{name}", "kind": "schedule", "op": "steplr", "file": file,
                             "attrs": {"lr0": lr, "step_epochs": every, "gamma": gamma},
                             "expect": {"lr": {"atol": 1e-6 * lr, "rel_l2": 1e-6}}})


def generate(folder):
    steps(folder)
    schedules(folder)
