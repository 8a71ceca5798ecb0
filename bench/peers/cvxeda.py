"""Times the Python reference of cvxEDA: one process, one thread, signals that galvani wrote.

The reference is a file of the user's, given by its path; it is imported and called, nothing of it is copied.
Each line on stdin asks for one round over all signals; each round answers with one line of JSON on stdout:
{"seconds": [one per signal]}. The first line says what runs: {"python", "numpy", "cvxopt"}. After the first round
the file --answers holds phasic and tonic part of each signal, float64, little-endian, [signals][2][n].
"""
import argparse
import importlib.util
import json
import os
import sys
import time

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = "1"  # read when numpy and cvxopt load
sys.dont_write_bytecode = True  # the reference lies in a folder of the user's

import cvxopt  # noqa: E402
import numpy as np  # noqa: E402

# The reference may print; only answers may reach stdout.
answers = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


def say(document):
    answers.write(json.dumps(document) + "\n")
    answers.flush()


def load(path):
    spec = importlib.util.spec_from_file_location("cvxeda_reference", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.cvxEDA


def main():
    parser = argparse.ArgumentParser()
    for name in ("--reference", "--signals", "--answers"):
        parser.add_argument(name, required=True)
    parser.add_argument("--n", type=int, required=True, help="samples of a signal")
    parser.add_argument("--rate", type=float, required=True, help="Hz")
    options = parser.parse_args()
    cvxeda = load(options.reference)
    signals = np.fromfile(options.signals, dtype="<f8").reshape(-1, options.n)
    say({"python": sys.version.split()[0], "numpy": np.__version__, "cvxopt": cvxopt.__version__})
    found = None
    for _ in sys.stdin:
        seconds = []
        results = []
        for y in signals:
            start = time.perf_counter()
            phasic, _, tonic, *_ = cvxeda(y, 1.0 / options.rate, options={"show_progress": False})
            seconds.append(time.perf_counter() - start)
            results.append((phasic, tonic))
        if found is None:
            found = np.array(results, dtype="<f8")
            found.tofile(options.answers)
        say({"seconds": seconds})


main()
