"""Bounds for a float32 program, from how far PyTorch's own float32 is from float64."""
import numpy as np
import torch

FACTOR = 16
ZERO = 1e-10  # of the case's largest number: what float64 makes of a value that is zero in exact arithmetic


def both_backends(compute):
    """PyTorch's float32 by two CPU backends: oneDNN, and its own loops."""
    runs = []
    for enabled in (True, False):
        with torch.backends.mkldnn.flags(enabled=enabled):
            runs.append(compute())
    return runs


def digits(value, count=3):
    return float(f"{value:.{count - 1}e}")


def norm(values):
    return float(np.sqrt(np.sum(np.square(values))))


def expectations(reference, runs, floor):
    """One entry for each reference tensor (float64), against float32 results of the same names."""
    largest = {name: float(np.max(np.abs(values))) for name, values in reference.items()}
    most = max(largest.values())
    expect = {}
    for name, values in reference.items():
        errors = [np.abs(run[name].astype(np.float64) - values) for run in runs]
        error = max(float(np.max(e)) for e in errors)
        if largest[name] < ZERO * most:
            expect[name] = {"absmax": digits(largest[name]), "f32_err": digits(error), "theoretical_zero": True,
                            "atol": digits(max(2e-5 * most, 4 * FACTOR * error))}
            continue
        relative = max(norm(e) for e in errors) / norm(values)
        expect[name] = {"absmax": digits(largest[name]), "f32_err": digits(error), "f32_rel_l2": digits(relative),
                        "atol": digits(max(floor * largest[name], FACTOR * error)), "rel_l2": digits(max(floor, FACTOR * relative))}
    return expect


SLICE = 96


def sliced(arrays, expect, draw):
    """Stores tensors that are larger than a slice as positions, values and [sum, L2 norm, largest] of the whole."""
    stored = {}
    for name, values in arrays.items():
        if values.size <= 2 * SLICE:
            stored[name] = values.astype(np.float32)
            continue
        flat = values.reshape(-1)
        index = np.sort(draw.random.permutation(flat.size)[:SLICE]).astype(np.int32)
        stored[f"{name}@index"] = index
        stored[f"{name}@value"] = flat[index].astype(np.float32)
        stored[f"{name}@stats"] = np.array([flat.sum(), norm(flat), np.abs(flat).max()], np.float32)
        expect[name]["sliced"] = True
    return stored
