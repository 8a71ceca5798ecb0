"""Operators on awkward shapes: one row, odd channels, lengths that fill no tile, equal values, exact zeros."""
import numpy as np
import torch

from draw import Draw
from operators import run
from tolerances import both_backends, expectations

BATCH_NORM = {"momentum": 0.1, "eps": 1e-5}
FLOORS = {"softmax": 2e-5, "rnta": 2e-5, "attention_module": 2e-5}


def output_length(length, kernel, stride, padding):
    return (length + 2 * padding - kernel) // stride + 1


def add(folder, name, op, attrs, inputs):
    reference = run(op, attrs, inputs, torch.float64)
    runs = both_backends(lambda: run(op, attrs, inputs, torch.float32))
    expect = expectations(reference, runs, FLOORS.get(op, 1e-5))
    stored = {**inputs, **{key: values.astype(np.float32) for key, values in reference.items()}}
    file = folder.tensors(f"ops/{name}.safetensors", stored, f"op/{name}")
    folder.cases.append({"id": f"op/{name}", "kind": "op", "op": op, "file": file, "attrs": attrs, "expect": expect})


def convolutions(folder):
    for batch, inner, outer, length, kernel, stride, padding, bias in [
        (2, 3, 5, 37, 7, 2, 3, True), (1, 1, 1, 1, 1, 1, 0, True), (3, 5, 7, 23, 3, 1, 1, False), (2, 13, 5, 29, 3, 2, 1, False),
        (1, 9, 3, 41, 1, 3, 0, False), (1, 2, 3, 1, 3, 1, 1, True), (2, 4, 6, 19, 7, 3, 2, True), (1, 1, 3, 7, 7, 1, 0, True),
        (1, 17, 19, 13, 3, 1, 1, False), (1, 8, 8, 67, 3, 1, 1, False), (2, 3, 5, 17, 3, 3, 3, False),
    ]:
        name = f"conv1d_b{batch}_c{inner}to{outer}_l{length}_k{kernel}s{stride}p{padding}{'_bias' if bias else ''}"
        draw = Draw(name)
        inputs = {"x": draw.normal(batch, inner, length), "weight": draw.weight(outer, inner, kernel)}
        if bias:
            inputs["bias"] = draw.normal(outer)
        inputs["upstream.y"] = draw.normal(batch, outer, output_length(length, kernel, stride, padding))
        add(folder, name, "conv1d", {"kernel": kernel, "stride": stride, "padding": padding}, inputs)


def batch_norm_inputs(draw, shape):
    channels = shape[1]
    return {"x": draw.normal(*shape), "weight": draw.normal(channels) + np.float32(1), "bias": draw.normal(channels),
            "running_mean": draw.normal(channels), "running_var": draw.uniform(channels) + np.float32(0.5)}


def batch_norms(folder):
    def case(name, shape, training, change=lambda x: x, **more):
        name = f"batchnorm_{name}"
        draw = Draw(name)
        inputs = batch_norm_inputs(draw, shape)
        inputs["x"] = change(inputs["x"])
        if more.pop("skip", False):
            inputs["skip"] = draw.normal(*shape)
        inputs["upstream.y"] = draw.normal(*shape)
        op = "batchnorm1d_clips" if "clip_lengths" in more else "batchnorm1d"
        add(folder, name, op, {"training": training, **BATCH_NORM, **more}, inputs)

    for shape in [(2, 3, 5), (5, 7, 13), (3, 5, 1), (1, 2, 3), (2, 3, 67)]:
        case("train_b%d_c%d_l%d" % shape, shape, True)
    for shape in [(5, 7, 13), (1, 5, 1)]:
        case("eval_b%d_c%d_l%d" % shape, shape, False)
    case("train_offset", (2, 4, 53), True, lambda x: x + np.float32(100))
    case("train_small_variance", (2, 5, 23), True, lambda x: x * np.float32(2**-9))
    case("train_uneven_clips", (2, 5, 23), True, clip_lengths=[7, 3, 13])
    case("eval_uneven_clips", (2, 5, 23), False, clip_lengths=[7, 3, 13])
    case("train_relu", (2, 7, 19), True, relu=True)
    case("train_join", (2, 5, 17), True, relu=True, skip=True, join_relu=True)
    case("eval_join", (1, 6, 9), False, relu=True, skip=True, join_relu=True)


def activations(folder):
    def case(name, op, x, draw):
        add(folder, name, op, {"axis": -1} if op == "softmax" else {}, {"x": x, "upstream.y": draw.normal(*x.shape)})

    draw = Draw("relu_zeros")
    case("relu_zeros", "relu", draw.steps(-1, 1, 0.5, 2, 5, 29), draw)
    draw = Draw("relu_one")
    case("relu_one", "relu", draw.normal(1, 1, 1), draw)
    for scale in (1, 40):
        draw = Draw(f"sigmoid_scale{scale}")
        case(f"sigmoid_scale{scale}", "sigmoid", draw.normal(2, 7, 13, scale=scale), draw)
    for shape, scale in [((3, 5, 7), 1), ((1, 5, 31), 60), ((1, 1, 1), 1), ((2, 3, 67), 4)]:
        name = "softmax_%dx%dx%d_scale%d" % (*shape, scale)
        draw = Draw(name)
        case(name, "softmax", draw.normal(*shape, scale=scale), draw)
    draw = Draw("softmax_ties")
    case("softmax_ties", "softmax", draw.steps(0, 1, 1, 2, 3, 9), draw)


def pools(folder):
    def case(name, kind, x, draw, kernel, stride, padding=0):
        upstream = draw.normal(*x.shape[:2], output_length(x.shape[2], kernel, stride, padding))
        attrs = {"kernel": kernel, "stride": stride, "padding": padding}
        add(folder, name, f"{kind}pool1d", attrs, {"x": x, "upstream.y": upstream})

    for kernel, stride, padding in [(3, 2, 1), (2, 2, 0)]:
        window = f"k{kernel}s{stride}p{padding}"
        for shape in [(2, 3, 2), (1, 5, 3), (2, 7, 29)]:
            name = "maxpool_%s_%dx%dx%d" % (window, *shape)
            draw = Draw(name)
            case(name, "max", draw.normal(*shape), draw, kernel, stride, padding)
        name = f"maxpool_{window}_ties"
        draw = Draw(name)
        case(name, "max", draw.steps(-1.5, 0, 0.5, 2, 5, 37), draw, kernel, stride, padding)
        name = f"maxpool_{window}_all_equal"
        draw = Draw(name)
        case(name, "max", np.full((1, 3, 11), -2, np.float32), draw, kernel, stride, padding)
    draw = Draw("maxpool_overlapping_ties")
    case("maxpool_overlapping_ties", "max", draw.steps(0, 1, 0.5, 2, 3, 23), draw, 3, 1, 1)
    draw = Draw("maxpool_one_row")
    case("maxpool_one_row", "max", draw.normal(2, 3, 1), draw, 3, 2, 1)
    for kernel, stride, shape in [(14, 1, (2, 3, 14)), (14, 1, (1, 5, 27)), (2, 2, (2, 3, 29)), (3, 1, (1, 6, 8))]:
        name = "avgpool_k%ds%d_%dx%dx%d" % (kernel, stride, *shape)
        draw = Draw(name)
        case(name, "avg", draw.normal(*shape), draw, kernel, stride)
    for shape in [(5, 7, 13), (1, 3, 1), (2, 5, 97)]:
        name = "global_avgpool_%dx%dx%d" % shape
        draw = Draw(name)
        add(folder, name, "global_avgpool", {}, {"x": draw.normal(*shape), "upstream.y": draw.normal(*shape[:2])})
    for shape, clips in [((2, 5, 17), [5, 6, 6]), ((1, 7, 4), [1, 2, 1]), ((2, 3, 61), [17, 33, 11]), ((3, 4, 2), [1, 1])]:
        name = "segment_mean_%dx%dx%d_%s" % (*shape, "_".join(map(str, clips)))
        draw = Draw(name)
        inputs = {"x": draw.normal(*shape), "upstream.y": draw.normal(*shape[:2], len(clips))}
        add(folder, name, "segment_mean", {"clip_lengths": clips}, inputs)


def channel_weights(draw, channels, prefix=""):
    hidden = channels // 8
    return {f"{prefix}reduce.weight": draw.weight(hidden, channels, 1), f"{prefix}reduce.bias": draw.normal(hidden),
            f"{prefix}expand.weight": draw.weight(channels, hidden, 1), f"{prefix}expand.bias": draw.normal(channels)}


def temporal_weights(draw, channels):
    inner = channels // 2
    weights = {}
    for part, (outer, inside) in {"theta": (inner, channels), "phi": (inner, channels), "g": (inner, channels),
                                  "out": (channels, inner)}.items():
        weights[f"{part}.weight"] = draw.weight(outer, inside, 1)
        weights[f"{part}.bias"] = draw.normal(outer)
    weights["bn.weight"], weights["bn.bias"] = draw.normal(channels) + np.float32(1), draw.normal(channels)
    weights["bn.running_mean"], weights["bn.running_var"] = draw.normal(channels), draw.uniform(channels) + np.float32(0.5)
    return weights


def attentions(folder):
    for batch, channels, length in [(2, 8, 7), (3, 16, 13), (1, 24, 1), (2, 40, 5)]:
        name = f"sca_b{batch}_c{channels}_l{length}"
        draw = Draw(name)
        inputs = {"x": draw.normal(batch, channels, length), **channel_weights(draw, channels)}
        add(folder, name, "sca", {"reduction": 8}, {**inputs, "upstream.y": draw.normal(batch, channels, length)})
    for batch, channels, length, pool, training in [
        (2, 8, 13, "none", True), (2, 8, 13, "none", False), (1, 6, 29, "avg1", True), (3, 8, 7, "max2", True), (2, 10, 23, "max2", False),
        (2, 8, 19, "avg2", True), (1, 4, 3, "avg2", False), (1, 4, 2, "none", False), (1, 10, 37, "none", True),
    ]:
        name = f"rnta_b{batch}_c{channels}_l{length}_{pool}_{'train' if training else 'eval'}"
        draw = Draw(name)
        inputs = {"x": draw.normal(batch, channels, length), **temporal_weights(draw, channels)}
        attrs = {"pool": pool, "training": training, **BATCH_NORM}
        add(folder, name, "rnta", attrs, {**inputs, "upstream.y": draw.normal(batch, channels, length)})
    for order, batch, channels, clips, pool, training in [
        ("sca-rnta", 2, 8, [12, 12, 13], "none", True), ("sca-rnta", 2, 8, [12, 12, 13], "none", False),
        ("sca-rnta", 1, 16, [7, 8, 8], "avg2", True), ("rnta-sca", 2, 8, [9, 10, 10], "max2", True),
        ("parallel", 2, 8, [7, 8, 8], "none", True), ("rnta", 1, 8, [4, 5, 5], "max2", True),
    ]:
        name = f"attention_{order}_b{batch}_c{channels}_l{sum(clips)}_{pool}_{'train' if training else 'eval'}"
        draw = Draw(name)
        shape = (batch, channels, sum(clips))
        inputs = {"x": draw.normal(*shape), **temporal_weights(draw, channels)}
        if order != "rnta":
            inputs.update(channel_weights(draw, channels, "sca."))
        attrs = {"order": order, "clip_lengths": clips, "pool": pool, "training": training, **BATCH_NORM}
        add(folder, name, "attention_module", attrs, {**inputs, "upstream.y": draw.normal(*shape)})


def heads(folder):
    for batch, inner, outer in [(5, 7, 3), (1, 13, 10), (3, 37, 11)]:
        name = f"linear_b{batch}_{inner}to{outer}"
        draw = Draw(name)
        add(folder, name, "linear", {}, {"x": draw.normal(batch, inner), "weight": draw.weight(outer, inner), "bias": draw.normal(outer),
                                         "upstream.y": draw.normal(batch, outer)})
    for name, axis, shapes in [("concat_features", 1, [(5, 7), (5, 3)]), ("concat_one", 1, [(1, 1), (1, 4)]),
                               ("concat_time", 2, [(2, 3, 4), (2, 3, 1), (2, 3, 5)])]:
        draw = Draw(name)
        inputs = {letter: draw.normal(*shape) for letter, shape in zip("abc", shapes)}
        joined = list(shapes[0])
        joined[axis] = sum(shape[axis] for shape in shapes)
        add(folder, name, "concat", {"axis": axis}, {**inputs, "upstream.y": draw.normal(*joined)})
    one = np.ones(1, np.float32)
    for batch, classes, scale in [(5, 2, 1), (1, 3, 1), (4, 10, 2), (6, 2, 50)]:
        name = f"cross_entropy_b{batch}_c{classes}_scale{scale}"
        draw = Draw(name)
        inputs = {"logits": draw.normal(batch, classes, scale=scale), "labels": draw.integers(classes, batch), "upstream.loss": one}
        add(folder, name, "softmax_cross_entropy", {}, inputs)
    draw = Draw("cross_entropy_soft")
    targets = draw.uniform(4, 7) + np.float32(0.125)
    inputs = {"logits": draw.normal(4, 7), "targets": (targets / targets.sum(1, keepdims=True)).astype(np.float32), "upstream.loss": one}
    add(folder, "cross_entropy_soft", "softmax_cross_entropy", {}, inputs)
    for batch, classes, scale in [(6, 2, 1), (1, 3, 1), (5, 4, 8)]:
        name = f"double_cross_entropy_b{batch}_c{classes}_scale{scale}"
        draw = Draw(name)
        inputs = {"logits": draw.normal(batch, classes, scale=scale), "labels": draw.integers(classes, batch), "upstream.loss": one}
        add(folder, name, "double_softmax_cross_entropy", {}, inputs)


def regressions(folder):
    one = np.ones(1, np.float32)
    for batch, outputs, scale in [(1, 1, 1), (7, 1, 1), (5, 3, 4)]:
        name = f"squared_error_b{batch}_n{outputs}_scale{scale}"
        draw = Draw(name)
        inputs = {"outputs": draw.normal(batch, outputs, scale=scale), "goals": draw.normal(batch, outputs), "upstream.loss": one}
        add(folder, name, "squared_error", {}, inputs)


def interpolations(folder):
    for batch, channels, length, out in [(2, 1, 13, 37), (1, 3, 29, 7), (1, 1, 1, 5), (1, 2, 5, 5), (1, 1, 6, 1), (1, 1, 2, 11)]:
        name = f"interpolate_b{batch}_c{channels}_{length}to{out}"
        inputs = {"x": Draw(name).normal(batch, channels, length)}
        add(folder, name, "interpolate_linear", {"out_length": out}, inputs)


def not_a_number(folder):
    """A broken value must stay visible. Bounds cannot judge NaN, so these are listed apart; tensors as in an operator's case."""
    draw = Draw("nan")
    x = draw.steps(-1, 1, 0.5, 2, 3, 11)
    x[0, 1, 4], x[1, 2, 0] = np.nan, np.nan
    norm = batch_norm_inputs(draw, (2, 3, 11))
    skip = draw.normal(2, 3, 11)
    join = {"training": False, **BATCH_NORM, "relu": True, "join_relu": True}
    weights = channel_weights(draw, 8)
    wide = draw.normal(2, 8, 5)
    wide[1, 3, 2] = np.nan
    for name, op, attrs, inputs in [
        ("relu", "relu", {}, {"x": x}),
        ("batchnorm_relu", "batchnorm1d", {"training": False, **BATCH_NORM, "relu": True}, {**norm, "x": x}),
        ("batchnorm_join", "batchnorm1d", join, {**norm, "x": x, "skip": skip}),
        ("sca", "sca", {"reduction": 8}, {"x": wide, **weights}),
    ]:
        y = run(op, attrs, inputs, torch.float64)["y"].astype(np.float32)
        stored = {**inputs, "upstream.y": np.ones_like(y), "y": y}
        file = folder.tensors(f"ops/nan_{name}.safetensors", stored, f"nan/{name}")
        folder.more.append({"id": f"nan/{name}", "kind": "nan", "op": op, "file": file, "attrs": attrs})


def generate(folder):
    for part in (convolutions, batch_norms, activations, pools, attentions, heads, regressions, interpolations, not_a_number):
        part(folder)
