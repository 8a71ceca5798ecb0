"""Whole networks: results, gradients, running statistics, activations, and what a few optimizer steps make of them.

Gradients of ReLUs and max pools jump where an activation crosses zero or two candidates tie, and float32 may decide
otherwise than float64. So the data of each case are drawn again until every decision is clear: its distance from the
kink is at least CLEAR times the float32 error of its layer, in every step of every trace.
"""
import numpy as np
import torch

from draw import Draw
from network import PRESETS, Network, as_tensors, random_weights
from optimizers import make
from tolerances import both_backends, expectations, sliced

CLEAR = 3.0
FLOOR, TRACE_FLOOR = 2e-5, 1e-4
STEPS = 8

SMALL = {"channels": 8, "stage_channels": [8, 12], "sca_reduction": 4, "music_dim": 3, "hidden": [7, 5]}
CASES = {
    "micro_paper": ({**PRESETS["paper"], **SMALL, "length": 211, "final_pool": 3}, 3),
    "micro_released": ({**PRESETS["released"], **SMALL, "length": 173, "final_pool": 2}, 3),
    "micro_deep": ({**PRESETS["paper"], **SMALL, "length": 150, "final_pool": 2, "attention": "parallel", "rnta_pool": "avg2",
                    "depth": 2, "stage_channels": [10], "in_channels": 1, "music_dim": 0, "classes": 3}, 4),
}
TRACES = {
    "sgd": {"optimizer": "sgd", "lr": 0.02, "momentum": 0.0, "weight_decay": 0},
    "momentum": {"optimizer": "sgd", "lr": 0.01, "momentum": 0.9, "weight_decay": 0.01},
    "adamw": {"optimizer": "adamw", "lr": 0.003, "momentum": 0, "weight_decay": 0.1},
}
TRACES_OF = {"micro_paper": ["momentum", "adamw"], "micro_released": ["sgd", "momentum"], "micro_deep": []}


class Case:
    """A network with its weights and one batch."""

    def __init__(self, name, config, batch, subseed):
        draw = Draw(name, subseed)
        self.config = config
        self.parameters, self.buffers = random_weights(config, draw)
        self.inputs = {"eda": draw.normal(batch, config["in_channels"], config["length"])}
        if config["music_dim"]:
            self.inputs["music"] = draw.normal(batch, config["music_dim"])
        self.inputs["labels"] = (np.arange(batch) % config["classes"]).astype(np.int32)

    def tensors(self, dtype):
        parameters = {name: p.requires_grad_() for name, p in as_tensors(self.parameters, dtype).items()}
        return parameters, as_tensors(self.buffers, dtype)

    def batch(self, dtype):
        eda = torch.from_numpy(self.inputs["eda"]).to(dtype).requires_grad_()
        music = torch.from_numpy(self.inputs["music"]).to(dtype) if "music" in self.inputs else None
        return eda, music, torch.from_numpy(self.inputs["labels"]).long()


def numpy_of(tensors):
    return {name: tensor.detach().numpy().copy() for name, tensor in tensors.items()}


def pass_through(case, dtype, training):
    parameters, buffers = case.tensors(dtype)
    eda, music, labels = case.batch(dtype)
    network = Network(case.config, {**parameters, **buffers}, training)
    logits = network.logits(eda, music)
    loss = network.loss(logits, labels)
    mode = "train" if training else "eval"
    results = numpy_of({f"{mode}.logits": logits, f"{mode}.probs": torch.softmax(logits, 1), f"{mode}.loss": loss.reshape(1)})
    results.update(numpy_of({f"{mode}.tap.{name}": tap for name, tap in network.taps.items()}))
    if training:
        loss.backward()
        results.update(numpy_of({f"train.grad.{name}": p.grad for name, p in parameters.items()}))
        results["train.grad.input.eda"] = eda.grad.numpy().copy()
        results.update(numpy_of({f"train.buffer.{name}": value for name, value in buffers.items()}))
    return results, network.decisions


def trace(case, dtype, prefix, attrs, steps=STEPS):
    """Losses and logits before each update; parameters, statistics and evaluation logits after the last."""
    parameters, buffers = case.tensors(dtype)
    eda, music, labels = case.batch(dtype)
    optimizer = make(list(parameters.values()), attrs["optimizer"], attrs["lr"], attrs["momentum"], attrs["weight_decay"])
    losses, logits, decisions = [], [], []
    for _ in range(steps):
        network = Network(case.config, {**parameters, **buffers}, True)
        out = network.logits(eda, music)
        loss = network.loss(out, labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
        logits.append(out.detach().numpy().copy())
        decisions += network.decisions
    after = Network(case.config, {**parameters, **buffers}, False)
    final = after.logits(eda, music)
    results = {f"{prefix}loss": np.array(losses), f"{prefix}logits": np.stack(logits)}
    if attrs["optimizer"] == "sgd":
        results.update(numpy_of({f"{prefix}final.param.{name}": p for name, p in parameters.items()}))
        results.update(numpy_of({f"{prefix}final.buffer.{name}": value for name, value in buffers.items()}))
        results[f"{prefix}final.eval_logits"] = final.detach().numpy().copy()
        decisions += after.decisions
    return results, decisions


def clearness(exact, rounded):
    """The least distance of a decision from its kink, in float32 errors of its layer. A sum of two zeros is no decision."""
    ratios = [np.inf]
    for a, b in zip(exact, rounded):
        error = max(float((a - b.double()).abs().max()), 1e-7)
        open_ones = a[(a != 0) | (b != 0)]
        if open_ones.numel():
            ratios.append(float(open_ones.abs().min()) / error)
    return min(ratios)


def runs_of(case, traces):
    yield lambda dtype: pass_through(case, dtype, False)
    yield lambda dtype: pass_through(case, dtype, True)
    for name in traces:
        yield lambda dtype, name=name: trace(case, dtype, f"trace.{name}.", TRACES[name])


def search(name, config, batch, traces):
    """The first data on which every decision is clear."""
    for subseed in range(5000):
        case = Case(name, config, batch, subseed)
        ratio = np.inf
        for run in runs_of(case, traces):
            ratio = min(ratio, clearness(run(torch.float64)[1], run(torch.float32)[1]))
            if ratio < CLEAR:
                break
        if ratio >= CLEAR:
            return case, subseed, ratio
    raise RuntimeError(f"{name}: no data without a close decision")


def generate(folder):
    for name, (config, batch) in CASES.items():
        case, subseed, ratio = search(name, config, batch, TRACES_OF[name])
        inputs = {**{f"param.{key}": value for key, value in case.parameters.items()},
                  **{f"buffer.{key}": value for key, value in case.buffers.items()},
                  **{f"input.{key}": value for key, value in case.inputs.items()}}
        stored, entries = dict(inputs), []
        attrs = {"batch": batch, "subseed": subseed, "kink_ratio": round(ratio, 2)}
        file = f"models/{name}.safetensors"

        def both(run, floor, case=case):
            reference = run(torch.float64)[0]
            expect = expectations(reference, both_backends(lambda: run(torch.float32)[0]), floor)
            return reference, expect

        evaluate, train, *traces = runs_of(case, TRACES_OF[name])
        expect = {}
        for run in (evaluate, train):
            reference, bounds = both(run, FLOOR)
            stored.update(sliced(reference, bounds, Draw(f"{name} slices", len(expect))))
            expect.update(bounds)
        entries.append({"id": f"model/{name}", "kind": "model", "file": file, "config": config, "modes": ["eval", "train"],
                        "attrs": attrs, "expect": expect})
        for label, run in zip(TRACES_OF[name], traces):
            reference, bounds = both(run, TRACE_FLOOR)
            stored.update({key: values.astype(np.float32) for key, values in reference.items()})
            entries.append({"id": f"train/{name}/{label}", "kind": "train", "file": file, "prefix": f"trace.{label}.",
                            "attrs": {**TRACES[label], "steps": STEPS}, "expect": bounds})
        folder.tensors(file, stored, f"model/{name}")
        folder.cases += entries
