"""Class activation maps of whole networks: Grad-CAM, guided backpropagation and their product, for the winning class.

Batch normalisation goes by running statistics. Data are drawn again until every ReLU and max pool is clear (`models.py`),
no map is zero throughout, and the winning class is clear.
"""
from contextlib import contextmanager

import numpy as np
import torch
import torch.nn.functional as F

from draw import Draw
from models import CLEAR, FLOOR, Case, clearness
from network import PRESETS, Network
from tolerances import both_backends, expectations, sliced

SMALL = {"channels": 8, "stage_channels": [8, 6], "sca_reduction": 4, "music_dim": 2, "hidden": [6], "final_pool": 3}
CASES = {
    "sca_rnta": ({**PRESETS["paper"], **SMALL, "length": 203}, 2),
    "released": ({**PRESETS["released"], **SMALL, "length": 160}, 2),
    "parallel": ({**PRESETS["paper"], **SMALL, "length": 117, "attention": "parallel", "unit_sca": False, "in_channels": 1,
                  "music_dim": 0, "classes": 3}, 3),
}
FLOOR_OF_MAPS = 1e-4
MODULES = ("sca", "rnta")


class GuidedRelu(torch.autograd.Function):
    """Stops, on the way back, what is negative as well as what it stopped on the way forward."""

    @staticmethod
    def forward(context, x):
        context.save_for_backward(x)
        return x.clamp(min=0)

    @staticmethod
    def backward(context, gradient):
        (x,) = context.saved_tensors
        return gradient * (x > 0) * (gradient > 0)


@contextmanager
def guided_relus():
    plain = F.relu
    F.relu = GuidedRelu.apply
    try:
        yield
    finally:
        F.relu = plain


class Tapped(Network):
    """Keeps the outputs of the attention modules as they are in the graph."""

    def tap(self, name, x):
        self.nodes[name] = x
        return super().tap(name, x)

    def run(self, eda, music):
        self.nodes = {}
        return self.logits(eda, music)


def forward(case, dtype):
    parameters, buffers = case.tensors(dtype)
    eda, music, _ = case.batch(dtype)
    network = Tapped(case.config, {**parameters, **buffers}, False)
    logits = network.run(eda, music)
    return network, eda, logits


def maps(case, dtype):
    network, eda, logits = forward(case, dtype)
    score = logits.max(1).values.sum()
    nodes = [network.nodes[f"attention.{module}"] for module in MODULES]
    saliency, *gradients = torch.autograd.grad(score, [eda, *nodes])
    with guided_relus():
        guided, guided_eda, guided_logits = forward(case, dtype)
    guided_score = guided_logits.max(1).values.sum()
    (full,) = torch.autograd.grad(guided_score, guided_eda, retain_graph=True)
    results = {"cam.logits": logits, "cam.saliency.plain": saliency, "cam.guided.full": full}
    length = case.config["length"]
    for module, feature, gradient in zip(MODULES, nodes, gradients):
        alpha = gradient.mean(2)
        cam = (alpha[:, :, None] * feature).sum(1).clamp(min=0)
        up = {corners: F.interpolate(cam[:, None], length, mode="linear", align_corners=corners)[:, 0] for corners in (False, True)}
        (below,) = torch.autograd.grad(guided.nodes[f"attention.{module}"], guided_eda, gradient, retain_graph=True)
        results.update({
            f"cam.feature.{module}": feature, f"cam.feature_grad.{module}": gradient, f"cam.alpha.{module}": alpha,
            f"cam.cam.{module}": cam, f"cam.cam_up.{module}": up[False], f"cam.cam_up_align_corners.{module}": up[True],
            f"cam.guided.from_{module}": below, f"cam.guided_gradcam.{module}": full * up[False][:, None],
        })
    return {name: value.detach().numpy().copy() for name, value in results.items()}, network.decisions


def winner_is_clear(logits):
    ordered = np.sort(logits, 1)
    return float((ordered[:, -1] - ordered[:, -2]).min()) > 1e-2


def search(name, config, batch):
    for subseed in range(5000):
        case = Case(name, config, batch, subseed)
        (exact, decisions), (_, rounded) = maps(case, torch.float64), maps(case, torch.float32)
        ratio = clearness(decisions, rounded)
        shown = all(np.abs(value).max() > 0 for value in exact.values())
        if ratio >= CLEAR and shown and winner_is_clear(exact["cam.logits"]):
            return case, subseed, ratio
    raise RuntimeError(f"{name}: no data without a close decision")


def generate(folder):
    for name, (config, batch) in CASES.items():
        case, subseed, ratio = search(f"cam {name}", config, batch)
        reference = maps(case, torch.float64)[0]
        runs = both_backends(lambda case=case: maps(case, torch.float32)[0])
        expect = expectations(reference, runs, FLOOR_OF_MAPS)
        expect.update(expectations({"cam.logits": reference["cam.logits"]}, runs, FLOOR))
        inputs = {key: value for key, value in case.inputs.items() if key != "labels"}
        stored = {**{f"param.{key}": value for key, value in case.parameters.items()},
                  **{f"buffer.{key}": value for key, value in case.buffers.items()},
                  **{f"input.{key}": value for key, value in inputs.items()},
                  **sliced(reference, expect, Draw(f"cam {name} slices", 0))}
        file = f"models/cam_{name}.safetensors"
        folder.tensors(file, stored, f"cam/{name}")
        folder.cases.append({"id": f"cam/{name}", "kind": "cam", "file": file, "config": config,
                             "attrs": {"batch": batch, "mode": "eval", "subseed": subseed, "kink_ratio": round(ratio, 2)},
                             "expect": expect})
