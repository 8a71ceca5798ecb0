"""Writes the golden folder: `python3 test/golden/generate [FOLDER]`; without FOLDER, the one that this program lies in."""
import argparse
import os
import platform
import sys
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when the libraries load: sums have one order
sys.dont_write_bytecode = True

import cvxopt  # noqa: E402
import numpy  # noqa: E402
import scipy  # noqa: E402
import sklearn  # noqa: E402
import torch  # noqa: E402

import cam  # noqa: E402
import checkpoints  # noqa: E402
import cvxeda  # noqa: E402
import metrics  # noqa: E402
import models  # noqa: E402
import operator_cases  # noqa: E402
import optimizers  # noqa: E402
import statistics_cases  # noqa: E402
import study  # noqa: E402
from draw import SEED  # noqa: E402
from files import Folder  # noqa: E402


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=Path(__file__).resolve().parent.parent)
    root = parser.parse_args().folder
    torch.set_num_threads(1)
    versions = {module.__name__: module.__version__ for module in (torch, numpy, scipy, sklearn, cvxopt)}
    folder = Folder(root, {
        "format": "rtcan-fixtures/1",
        "seed": SEED,
        "generator": {**versions, "python": platform.python_version()},
        "reference": "computed in float64 from float32 inputs, then rounded to float32",
    })
    for part in (operator_cases, optimizers, models, cam, study, checkpoints, cvxeda, metrics, statistics_cases):
        part.generate(folder)
    folder.close()


main()
