"""Decompositions of skin conductance: the convex program of Greco et al. (IEEE Trans. Biomed. Eng. 63(4), 2016), dense, in float64.

    minimise over p >= 0, l, d:   1/2 ||H p + B l + C d - y||^2 + alpha sum(p) + gamma/2 ||l||^2

H: the Bateman function by the bilinear transform, at rest before the first sample. B: cubic B-splines (four boxes of k samples
convolved, maximum 1), one every k samples. C: the slow drift. cvxopt finds which samples of the driver are at zero; an
active-set method then solves for the others exactly, and a feasible point of the dual proves how near the optimum is.
"""
import cvxopt
import numpy as np
from scipy.linalg import toeplitz
from scipy.signal import lfilter

from draw import Draw

DEFAULTS = {"tau0": 2.0, "tau1": 0.7, "delta_knot": 10.0, "alpha": 8e-4, "gamma": 1e-2, "baseline_correction": 2}
GAP = 1e-10


def bateman_matrix(n, rate, tau0, tau1):
    """(a1 - a0) / ((s + a0) (s + a1)) with s = 2/delta (1 - z) / (1 + z), z a delay of one sample."""
    delta, a1, a0 = 1 / rate, 1 / min(tau0, tau1), 1 / max(tau0, tau1)
    numerator = (a1 - a0) * delta**2 * np.array([1.0, 2.0, 1.0])
    denominator = np.convolve([2 + a0 * delta, a0 * delta - 2], [2 + a1 * delta, a1 * delta - 2])
    response = lfilter(numerator, denominator, np.eye(n)[0])
    return toeplitz(response, np.zeros(n))


def spline_columns(n, rate, delta_knot):
    if isinstance(delta_knot, list):
        knots, k = delta_knot, delta_knot[1] - delta_knot[0]
    else:
        k = round(delta_knot * rate)  # halves to even
        knots = range(0, n + k // 2, k)
    template = np.ones(1)
    for _ in range(4):
        template = np.convolve(template, np.ones(k))
    template /= template.max()
    columns = np.zeros((n, len(knots)))
    for j, knot in enumerate(knots):
        for at, value in enumerate(template, knot - len(template) // 2):
            if 0 <= at < n:
                columns[at, j] = value
    return columns


def drift_columns(n, splines, correction):
    if correction == "spline_offset":
        return splines.sum(1, keepdims=True)
    return np.column_stack([np.ones(n), np.arange(1, n + 1) / n])[:, :correction]


class Program:
    def __init__(self, y, rate, params):
        n = len(y)
        self.y, self.alpha, self.gamma = y, params["alpha"], params["gamma"]
        self.filter = bateman_matrix(n, rate, params["tau0"], params["tau1"])
        self.splines = spline_columns(n, rate, params["delta_knot"])
        self.drift = drift_columns(n, self.splines, params["baseline_correction"])
        # The penalty of l as further rows: a least-squares problem with a linear term.
        self.rows = np.vstack([np.hstack([self.filter, self.splines, self.drift]), np.zeros((self.splines.shape[1], self.width))])
        for j in range(self.splines.shape[1]):
            self.rows[n + j, n + j] = np.sqrt(self.gamma)
        self.target = np.concatenate([y, np.zeros(self.splines.shape[1])])
        self.linear = np.concatenate([np.full(n, self.alpha), np.zeros(self.width - n)])

    @property
    def width(self):
        return len(self.y) + self.splines.shape[1] + self.drift.shape[1]

    def objective(self, x):
        rest = self.rows @ x - self.target
        return rest @ rest / 2 + self.linear @ x

    def gradient(self, x):
        return self.rows.T @ (self.rows @ x - self.target) + self.linear

    def interior_point(self):
        n, matrix = len(self.y), cvxopt.matrix
        cvxopt.solvers.options.update({"show_progress": False, "abstol": 1e-11, "reltol": 1e-11, "feastol": 1e-11, "maxiters": 60})
        inequality = cvxopt.spmatrix(-1.0, range(n), range(n), (n, self.width))
        solution = cvxopt.solvers.qp(matrix(self.rows.T @ self.rows), matrix(self.linear - self.rows.T @ self.target), inequality,
                                     matrix(np.zeros(n)))
        return np.array(solution["x"]).ravel(), np.array(solution["z"]).ravel()

    def stationary(self, free):
        """Where the gradient vanishes on the free variables, the others being zero: by QR, which squares no condition number."""
        q, r = np.linalg.qr(self.rows[:, free])
        right = q.T @ self.target - np.linalg.solve(r.T, self.linear[free])
        x = np.zeros(self.width)
        x[free] = np.linalg.solve(r, right)
        return x

    def solve(self):
        """Active set: samples of the driver are freed while one wants to grow, and fixed where they would turn negative."""
        n = len(self.y)
        x, z = self.interior_point()
        x[:n] = np.where(x[:n] > z, np.maximum(x[:n], 0), 0)
        free = np.concatenate([x[:n] > 0, np.ones(self.width - n, bool)])
        for _ in range(40 * n):
            target = self.stationary(free)
            negative = free.copy()
            negative[n:] = False
            negative &= target <= 0
            if negative.any():
                steps = np.full(self.width, np.inf)
                steps[negative] = x[negative] / np.maximum(x[negative] - target[negative], 1e-300)
                first = int(np.argmin(steps))
                x = x + min(1.0, steps[first]) * (target - x)
                x[first], free[first] = 0, False
                x[:n] = np.where(free[:n], np.maximum(x[:n], 0), 0)
                continue
            x = target
            slope = np.where(free[:n], np.inf, self.gradient(x)[:n])
            if slope.min() >= -1e-9 * self.alpha:
                return x
            free[int(np.argmin(slope))] = True
        raise RuntimeError("the active set does not settle")

    def certified_gap(self, x):
        """Relative distance from the optimum, at most: the residual, made a feasible point of the dual, bounds it from below."""
        n = len(self.y)
        nu = self.y - (self.rows @ x)[:n]
        if self.drift.shape[1]:
            basis = np.linalg.qr(self.drift)[0]
            nu = nu - basis @ (basis.T @ nu)
        nu *= min(1.0, self.alpha / max((self.filter.T @ nu).max(), 1e-300))
        bound = nu @ self.y - nu @ nu / 2 - np.sum((self.splines.T @ nu) ** 2) / (2 * self.gamma)
        return (self.objective(x) - bound) / self.objective(x)


def conductance(draw, n, rate, level, noise=0.01):
    """Microsiemens: a wandering level, responses of random size, and noise."""
    random = draw.random
    bursts = np.where(random.random_sample(n) < 0.25 / rate, rate * (0.3 + random.random_sample(n)), 0)
    responses = bateman_matrix(n, rate, 2.0, 0.7) @ bursts
    wander = np.cumsum(random.standard_normal(n)) * 0.04 / np.sqrt(rate)
    return (level + 1.5 * responses + wander + noise * random.standard_normal(n)).astype(np.float32)


def z_scored(y):
    wide = y.astype(np.float64)
    return ((wide - wide.mean()) / wide.std()).astype(np.float32)


CASES = [
    # name, rate, samples, level, change of parameters
    ("raw_4hz", 4.0, 240, 8, {}),
    ("raw_4hz_none", 4.0, 240, 8, {"baseline_correction": 0}),
    ("raw_4hz_constant", 4.0, 233, 8, {"baseline_correction": 1}),
    ("raw_4hz_spline_offset", 4.0, 240, 8, {"baseline_correction": "spline_offset"}),
    ("raw_12hz_spline_offset", 12.5, 301, 12, {"baseline_correction": "spline_offset", "delta_knot": 6.0}),
    ("below_zero_8hz", 8.0, 200, -5, {"baseline_correction": 1, "delta_knot": 4.0}),
    ("below_zero_spline_offset", 8.0, 200, -5, {"baseline_correction": "spline_offset", "delta_knot": 4.0}),
    ("knots_listed", 12.5, 301, 8, {"delta_knot": [-100, 25, 150, 275, 400]}),
    ("knots_inside_spline_offset", 10.0, 260, 8, {"delta_knot": [30, 110, 190], "baseline_correction": "spline_offset"}),
    ("knots_half_round", 5.0, 180, 8, {"delta_knot": 2.5, "baseline_correction": 0}),
    ("taus_swapped", 4.0, 200, 8, {"tau0": 0.5, "tau1": 3.0}),
    ("heavy_penalties", 10.0, 240, 8, {"alpha": 0.02, "gamma": 0.5}),
    ("light_penalties", 4.0, 160, 8, {"alpha": 2e-4, "gamma": 1e-3, "baseline_correction": 1}),
    ("z_scored_25hz", 25.0, 375, 8, {}),
    ("one_hertz", 1.0, 120, 8, {}),
    ("ten_samples", 4.0, 10, 8, {}),
]
EDGES = ("ten_samples",)


def generate(folder):
    for name, rate, n, level, change in CASES:
        params = {**DEFAULTS, **change}
        y = conductance(Draw(f"cvxeda {name}"), n, rate, level)
        if name.startswith("z_scored"):
            y = z_scored(y)
        wide = y.astype(np.float64)
        program = Program(wide, rate, params)
        x = program.solve()
        gap = program.certified_gap(x)
        if gap > GAP:
            raise RuntimeError(f"{name}: only known to be within {gap} of the optimum")
        knots = program.splines.shape[1]
        p, l, d = x[:n], x[n:n + knots], x[n + knots:]
        r, t = program.filter @ p, program.splines @ l + program.drift @ d
        arrays = {"y": y, **{key: value.astype(np.float32) for key, value in {"r": r, "p": p, "t": t, "e": wide - r - t}.items()}, "l": l, "d": d}
        file = folder.tensors(f"cvxeda/{name}.safetensors", arrays, f"cvxeda/{name}")
        folder.cases.append({
            "name": name, "file": file, "fs": rate, "n": n, "nB": knots, "nC": program.drift.shape[1], "params": params,
            "objective_tight": program.objective(x), "nrmse_scale": max(wide.std(), np.sqrt(np.mean(r**2))),
            "half_energy": wide @ wide / 2, "tier": "edge" if name in EDGES else "main",
        })
