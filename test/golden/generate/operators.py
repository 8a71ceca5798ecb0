"""What each operator is, in PyTorch. `t` holds the case's tensors, `a` its attributes; a result is a dict of outputs."""
import torch
import torch.nn.functional as F


def conv1d(t, a):
    return {"y": F.conv1d(t["x"], t["weight"], t.get("bias"), a["stride"], a["padding"])}


def normalise(x, t, a, prefix=""):
    """Batch norm that leaves the new running statistics in `t`: the caller gave it copies."""
    names = (f"{prefix}{name}" for name in ("running_mean", "running_var", "weight", "bias"))
    return F.batch_norm(x, *(t[name] for name in names), a["training"], a["momentum"], a["eps"])


def statistics(t, prefix=""):
    return {f"new_{name}": t[prefix + name] for name in ("running_mean", "running_var")}


def batchnorm1d(t, a):
    """One batch norm on each clip in turn; then perhaps a ReLU, a skip connection, and a ReLU of the sum."""
    y = torch.cat([normalise(clip, t, a) for clip in t["x"].split(a.get("clip_lengths", t["x"].shape[2]), 2)], 2)
    if a.get("relu"):
        y = F.relu(y)
    if "skip" in t:
        y = y + t["skip"]
    if a.get("join_relu"):
        y = F.relu(y)
    return {"y": y, **statistics(t)}


def maxpool1d(t, a):
    return {"y": F.max_pool1d(t["x"], a["kernel"], a["stride"], a["padding"])}


def avgpool1d(t, a):
    return {"y": F.avg_pool1d(t["x"], a["kernel"], a["stride"])}


def segment_mean(t, a):
    return {"y": torch.stack([clip.mean(2) for clip in t["x"].split(a["clip_lengths"], 2)], 2)}


def channel_attention(x, t, prefix=""):
    hidden = F.relu(F.conv1d(x.mean(2, keepdim=True), t[prefix + "reduce.weight"], t[prefix + "reduce.bias"]))
    gate = torch.sigmoid(F.conv1d(hidden, t[prefix + "expand.weight"], t[prefix + "expand.bias"]))
    return x * gate, gate.squeeze(2)


def sca(t, a):
    y, gate = channel_attention(t["x"], t)
    return {"y": y, "gate": gate}


POOLS = {
    "none": lambda x: x,
    "avg1": lambda x: F.avg_pool1d(x, 1),
    "avg2": lambda x: F.avg_pool1d(x, 2),
    "max2": lambda x: F.max_pool1d(x, 2),
}


def temporal_attention(x, t, a, prefix=""):
    theta, phi, g = (F.conv1d(x, t[f"{prefix}{part}.weight"], t[f"{prefix}{part}.bias"]) for part in ("theta", "phi", "g"))
    phi, g = POOLS[a["pool"]](phi), POOLS[a["pool"]](g)
    attention = torch.softmax(theta.transpose(1, 2) @ phi, 2)
    mixed = (attention @ g.transpose(1, 2)).transpose(1, 2)
    out = F.conv1d(mixed, t[prefix + "out.weight"], t[prefix + "out.bias"])
    return normalise(out, t, a, prefix + "bn.") + x, attention


def rnta(t, a):
    y, attention = temporal_attention(t["x"], t, a)
    return {"y": y, "attention": attention, **statistics(t, "bn.")}


def attention_of(clip, t, a, order):
    if order == "sca":
        return channel_attention(clip, t, "sca.")[0]
    if order == "rnta":
        return temporal_attention(clip, t, a)[0]
    if order == "parallel":
        return torch.sigmoid(attention_of(clip, t, a, "sca") + attention_of(clip, t, a, "rnta"))
    for part in order.split("-"):
        clip = attention_of(clip, t, a, part)
    return clip


def attention_module(t, a):
    clips = t["x"].split(a["clip_lengths"], 2)
    return {"y": torch.cat([attention_of(clip, t, a, a["order"]) for clip in clips], 2), **statistics(t, "bn.")}


def concat(t, a):
    return {"y": torch.cat([t[name] for name in "abcde" if name in t], a["axis"])}


def cross_entropy(t, a):
    return {"loss": F.cross_entropy(t["logits"], t.get("targets", t.get("labels"))), "probs": torch.softmax(t["logits"], 1)}


def double_cross_entropy(t, a):
    probs = torch.softmax(t["logits"], 1)
    return {"loss": F.cross_entropy(probs, t["labels"]), "probs": probs}


def squared_error(t, a):
    return {"loss": F.mse_loss(t["outputs"], t["goals"])}


def interpolate_linear(t, a):
    resampled = {corners: F.interpolate(t["x"], a["out_length"], mode="linear", align_corners=corners) for corners in (False, True)}
    return {"y": resampled[False], "y_align_corners": resampled[True]}


OPERATORS = {
    "conv1d": conv1d,
    "batchnorm1d": batchnorm1d,
    "batchnorm1d_clips": batchnorm1d,
    "relu": lambda t, a: {"y": F.relu(t["x"])},
    "sigmoid": lambda t, a: {"y": torch.sigmoid(t["x"])},
    "softmax": lambda t, a: {"y": torch.softmax(t["x"], -1)},
    "maxpool1d": maxpool1d,
    "avgpool1d": avgpool1d,
    "global_avgpool": lambda t, a: {"y": t["x"].mean(2)},
    "segment_mean": segment_mean,
    "sca": sca,
    "rnta": rnta,
    "attention_module": attention_module,
    "linear": lambda t, a: {"y": F.linear(t["x"], t["weight"], t["bias"])},
    "concat": concat,
    "softmax_cross_entropy": cross_entropy,
    "double_softmax_cross_entropy": double_cross_entropy,
    "squared_error": squared_error,
    "interpolate_linear": interpolate_linear,
}


def is_constant(name):
    return "running_" in name or name in ("labels", "targets", "goals") or name.startswith("upstream.")


def run(op, attrs, inputs, dtype):
    """All results of a case in one precision: outputs, new statistics, and gradients of what is learnt or flows in."""
    t = {}
    for name, values in inputs.items():
        tensor = torch.from_numpy(values.copy())
        t[name] = tensor.long() if name == "labels" else tensor.to(dtype).requires_grad_(not is_constant(name))
    results = OPERATORS[op](t, attrs)
    end = "loss" if "loss" in results else "y"
    if f"upstream.{end}" in inputs:
        upstream = t[f"upstream.{end}"]
        results[end].backward(upstream.reshape(results[end].shape))
        results.update({f"grad.{name}": x.grad for name, x in t.items() if getattr(x, "grad", None) is not None})
    return {name: value.detach().numpy().reshape(value.shape or (1,)) for name, value in results.items()}
