"""A small study whose best epoch is not the last: training loss and validation loss of each epoch, and the weights that are kept.

All training trials are one batch, so the order in which a program shuffles them does not matter.
"""
import numpy as np
import torch

from draw import Draw
from models import CLEAR, clearness, numpy_of
from network import PRESETS, Network, as_tensors, random_weights
from optimizers import make
from tolerances import both_backends, expectations

CONFIG = {**PRESETS["paper"], "channels": 8, "stage_channels": [8], "sca_reduction": 4, "music_dim": 4, "hidden": [6], "length": 101,
          "final_pool": 2}
TRAINING, VALIDATION = 9, 6
SETTINGS = {"optimizer": "sgd", "lr": 0.08, "momentum": 0.9, "weight_decay": 0.001, "decay": 0.6, "decay_epochs": 2, "epochs": 14,
            "patience": 4}
MARGIN = 1e-3  # between the best validation loss and every other


class Study:
    def __init__(self, subseed):
        draw = Draw("study", subseed)
        trials = TRAINING + VALIDATION
        self.parameters, self.buffers = random_weights(CONFIG, draw)
        self.eda = draw.normal(trials, CONFIG["in_channels"], CONFIG["length"])
        self.music = draw.normal(trials, CONFIG["music_dim"], scale=5) + np.float32(20)
        self.music[:TRAINING, 2] = 7  # the same in all training trials: it says nothing, whatever it is elsewhere
        self.labels = draw.integers(2, trials)

    def scaled_music(self):
        """By mean and population deviation of the training trials."""
        known = self.music[:TRAINING].astype(np.float64)
        mean, deviation = known.mean(0), known.std(0)
        return np.where(deviation > 0, (self.music - mean) / np.where(deviation > 0, deviation, 1), 0)


def train(study, dtype):
    parameters = {name: p.requires_grad_() for name, p in as_tensors(study.parameters, dtype).items()}
    buffers = as_tensors(study.buffers, dtype)
    eda, music = (torch.from_numpy(values).to(dtype) for values in (study.eda, study.scaled_music()))
    labels = torch.from_numpy(study.labels).long()
    optimizer = make(list(parameters.values()), *(SETTINGS[key] for key in ("optimizer", "lr", "momentum", "weight_decay")))
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, SETTINGS["decay_epochs"], SETTINGS["decay"])
    losses, validation, hits, decisions, best, chosen = [], [], [], [], {}, 0
    for epoch in range(1, SETTINGS["epochs"] + 1):
        network = Network(CONFIG, {**parameters, **buffers}, True)
        loss = network.loss(network.logits(eda[:TRAINING], music[:TRAINING]), labels[:TRAINING])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        after = Network(CONFIG, {**parameters, **buffers}, False)
        logits = after.logits(eda[TRAINING:], music[TRAINING:])
        losses.append(loss.item())
        validation.append(torch.nn.functional.cross_entropy(logits, labels[TRAINING:]).item())
        hits.append((logits.argmax(1) == labels[TRAINING:]).double().mean().item())
        decisions += network.decisions + after.decisions
        if validation[-1] == min(validation):
            chosen = epoch
            best = numpy_of({f"best.{name}": value for name, value in {**parameters, **buffers}.items()})
        if epoch - chosen >= SETTINGS["patience"]:
            break
    results = {"train_loss": np.array(losses), "validation_loss": np.array(validation), "validation_accuracy": np.array(hits), **best}
    return results, decisions, chosen


def is_telling(results, chosen):
    """The loss falls, is least in the middle by a margin, and patience ends the training before the last planned epoch."""
    losses = results["validation_loss"]
    others = np.delete(losses, chosen - 1)
    return 3 <= chosen and len(losses) < SETTINGS["epochs"] and others.min() > losses[chosen - 1] + MARGIN and losses[-1] < 5


def search():
    for subseed in range(5000):
        study = Study(subseed)
        results, exact, chosen = train(study, torch.float64)
        if not is_telling(results, chosen):
            continue
        rounded = train(study, torch.float32)[1]
        if len(exact) == len(rounded) and clearness(exact, rounded) >= CLEAR:
            return study, results, chosen
    raise RuntimeError("no study whose best epoch is in the middle")


def generate(folder):
    study, results, chosen = search()
    expect = expectations(results, both_backends(lambda: train(study, torch.float32)[0]), 1e-4)
    stored = {**{f"param.{name}": value for name, value in study.parameters.items()},
              **{f"buffer.{name}": value for name, value in study.buffers.items()},
              "input.eda": study.eda, "input.music": study.music, "input.labels": study.labels,
              **{key: values.astype(np.float32) for key, values in results.items()}}
    file = folder.tensors("models/study.safetensors", stored, "study/paper")
    folder.more.append({"id": "study/paper", "kind": "study", "file": file, "config": CONFIG, "training": TRAINING,
                        "validation": VALIDATION, "attrs": SETTINGS, "chosen_epoch": chosen,
                        "epochs_run": len(results["validation_loss"]), "expect": expect})
