"""State dicts under the names of the authors' released code, as torch.save writes them: as a zip file, and as it did before 1.6."""
import io
from collections import OrderedDict

import numpy as np
import torch

from draw import Draw
from models import FLOOR, clearness
from network import PRESETS, Network, as_tensors, random_weights
from tolerances import both_backends, expectations

CONFIG = {**PRESETS["released"], "channels": 8, "stage_channels": [8, 8, 8, 8], "sca_reduction": 8, "music_dim": 3, "hidden": [6, 4],
          "length": 353, "final_pool": 2}
BATCH = 3
CLEAR = 10


def released_names(config):
    """Their name of each of our modules."""
    names = {"shallow.conv": "origin_block.0", "shallow.bn": "origin_block.1", "attention.rnta.g": "Non_local.non_local.origin_conv.0",
             "attention.rnta.out": "Non_local.non_local.W.0", "attention.rnta.bn": "Non_local.non_local.W.1",
             "attention.rnta.theta": "Non_local.non_local.theta", "attention.rnta.phi": "Non_local.non_local.phi.0",
             "attention.sca.reduce": "Attention.conv_du.0", "attention.sca.expand": "Attention.conv_du.2",
             "residual.final.conv": "Res_sub.final_downsample.0", "residual.final.bn": "Res_sub.final_downsample.1"}
    for s in range(len(config["stage_channels"])):
        ours, theirs = f"residual.stages.{s}", f"Res_sub.layer3x3_{s + 1}"
        names[f"{ours}.downsample.conv"], names[f"{ours}.downsample.bn"] = f"{theirs}.0.downsample.0", f"{theirs}.0.downsample.1"
        for u in range(2):
            unit = f"{ours}.units.{u}"
            names[f"{unit}.layers.0.conv"], names[f"{unit}.layers.0.bn"] = f"{theirs}.{u}.conv1", f"{theirs}.{u}.bn1"
            names[f"{unit}.sca.reduce"], names[f"{unit}.sca.expand"] = f"{theirs}.{u}.Attention.conv_du.0", f"{theirs}.{u}.Attention.conv_du.2"
    for i in range(3):
        names[f"classifier.{i}"] = f"regression.{2 * i}"
    return names


def state_dict(parameters, buffers):
    """All tensors of theirs, with what their forward pass does not use; and the names that galvani has for them (None: unused)."""
    modules = released_names(CONFIG)
    state, name_map = OrderedDict(), {}
    for ours, value in {**parameters, **buffers}.items():
        module, leaf = ours.rsplit(".", 1)
        name = f"{modules[module]}.{leaf}"
        state[name], name_map[name] = torch.from_numpy(value.copy()), ours
        if leaf == "running_var":
            name = f"{modules[module]}.num_batches_tracked"
            state[name], name_map[name] = torch.tensor(len(state) + 1), f"{module}.num_batches_tracked"
    state["Res_sub.fc.weight"], name_map["Res_sub.fc.weight"] = torch.full((3, 4), 0.5), None
    state["Res_sub.fc.bias"], name_map["Res_sub.fc.bias"] = torch.zeros(3), None
    return state, name_map


class Numbered(str):
    """Takes the place of `str` while torch.save names storages by their addresses: they are numbered instead, as they come."""
    known: dict = {}

    def __new__(cls, value=""):
        return f"{94000000000000 + cls.known.setdefault(value, len(cls.known))}" if isinstance(value, int) else str(value)


def legacy_bytes(state):
    """The stream of PyTorch before 1.6, of tensors that were on a GPU; the same bytes every time."""
    serialization = torch.serialization
    location = serialization.location_tag
    Numbered.known = {}
    serialization.str, serialization.location_tag = Numbered, lambda storage: "cuda:0"
    try:
        stream = io.BytesIO()
        torch.save(state, stream, _use_new_zipfile_serialization=False)
    finally:
        serialization.location_tag = location
        del serialization.str
    return stream.getvalue()


def zip_bytes(state):
    stream = io.BytesIO()
    torch.save(state, stream)
    return stream.getvalue()


def evaluate(parameters, buffers, inputs, dtype):
    eda, music = (torch.from_numpy(inputs[name]).to(dtype) for name in ("input.eda", "input.music"))
    network = Network(CONFIG, as_tensors({**parameters, **buffers}, dtype), False)
    logits = network.logits(eda, music)
    return {"eval.output": torch.softmax(logits, 1).numpy(), "eval.logits": logits.numpy()}, network.decisions


def spots(tensor):
    flat = tensor.reshape(-1).tolist()
    return [flat[0], flat[len(flat) // 2], flat[-1]]


def generate(folder):
    for container, write in (("zip", zip_bytes), ("legacy", legacy_bytes)):
        name = f"released_{container}"
        for subseed in range(1000):
            draw = Draw(name, subseed)
            parameters, buffers = random_weights(CONFIG, draw)
            inputs = {"input.eda": draw.normal(BATCH, 3, CONFIG["length"]), "input.music": draw.normal(BATCH, CONFIG["music_dim"])}
            reference, exact = evaluate(parameters, buffers, inputs, torch.float64)
            if clearness(exact, evaluate(parameters, buffers, inputs, torch.float32)[1]) >= CLEAR:
                break
        runs = both_backends(lambda: evaluate(parameters, buffers, inputs, torch.float32)[0])
        state, name_map = state_dict(parameters, buffers)
        checkpoint = folder.write(f"checkpoints/{name}.pt", write(state))
        stored = {**inputs, **{key: values.astype(np.float32) for key, values in reference.items()}}
        file = folder.tensors(f"checkpoints/{name}.expected.safetensors", stored, f"checkpoint/{name}")
        folder.cases.append({
            "id": f"checkpoint/{name}", "kind": "checkpoint", "file": file, "checkpoint": checkpoint, "container": container,
            "storage_location": "cpu" if container == "zip" else "cuda:0", "config": CONFIG, "name_map": name_map,
            "state_dict": {key: {"shape": list(value.shape), "dtype": str(value.dtype).removeprefix("torch.")} for key, value in state.items()},
            "spot_first_middle_last": {key: spots(value) for key, value in state.items() if value.dtype == torch.float32},
            "expect": expectations(reference, runs, FLOOR),
        })
