"""Scores of classifiers (scikit-learn), correlation (SciPy), and two-means, whose best split is found among all there are."""
from fractions import Fraction
from itertools import combinations

import numpy as np
import sklearn.metrics as scores
from scipy import stats
from sklearn.cluster import KMeans

from draw import Draw


def averaged(labels, predictions, classes, average):
    values = scores.precision_recall_fscore_support(labels, predictions, labels=range(classes), average=average, zero_division=0)
    return dict(zip(("precision", "recall", "f1"), (float(value) for value in values[:3])))


def classification(name, classes, labels, predictions):
    own = range(classes)
    precision, recall, f1, support = scores.precision_recall_fscore_support(labels, predictions, labels=own, zero_division=0)
    # Classes that do not occur have no recall; scikit-learn leaves them out of the mean, and warns of predictions of them.
    seen = [k for k in own if k in labels]
    balanced = scores.recall_score(labels, predictions, labels=seen, average="macro", zero_division=0)
    case = {
        "name": name, "classes": classes, "labels": labels, "predictions": predictions,
        "accuracy": float(scores.accuracy_score(labels, predictions)), "balanced_accuracy": float(balanced),
        "confusion_rows_true_cols_pred": scores.confusion_matrix(labels, predictions, labels=own).tolist(),
        "precision": precision.tolist(), "recall": recall.tolist(), "f1": f1.tolist(), "support": support.tolist(),
        **{average: averaged(labels, predictions, classes, average) for average in ("macro", "weighted", "micro")},
    }
    if classes == 2:
        case["binary_positive_1"] = {"precision": float(precision[1]), "recall": float(recall[1]), "f1": float(f1[1])}
    return case


def classifications():
    def drawn(name, n, classes, right):
        draw = Draw(name)
        labels, other = draw.integers(classes, n), draw.integers(classes, n)
        return classification(name, classes, labels.tolist(), np.where(draw.uniform(n) < right, labels, other).tolist())

    return [
        drawn("two classes", 53, 2, 0.5), drawn("three classes", 61, 3, 0.6), drawn("five classes, few trials", 9, 5, 0.3),
        classification("one class never predicted", 2, [0, 0, 0, 1, 1], [0, 0, 0, 0, 0]),
        classification("one class never true", 3, [0, 0, 2, 2, 2], [0, 1, 2, 1, 2]),
        classification("one class alone, and wrong", 2, [1, 1, 1], [0, 0, 0]),
        classification("unbalanced", 2, [1] * 9 + [0], [1] * 10),
        classification("all right", 2, [0, 1, 1, 0], [0, 1, 1, 0]),
    ]


def correlations():
    cases = []
    for n, slope in [(5, 0.4), (30, 0.5), (40, -0.2), (12, -0.99), (300, 3.0)]:
        draw = Draw(f"pearson {n}")
        x = draw.normal(n)
        y = (slope * x + draw.normal(n) * (0.05 if slope < -0.9 else 1)).astype(np.float32)
        x, y = x.astype(np.float64), y.astype(np.float64)
        r, p = stats.pearsonr(x, y)
        t = r * np.sqrt((n - 2) / ((1 - r) * (1 + r)))
        log10_p = float((stats.t.logsf(abs(t), n - 2) + np.log(2)) / np.log(10))
        cases.append({"n": n, "x": x.tolist(), "y": y.tolist(), "r": float(r), "t": float(t), "p_two_sided": float(p), "log10_p": log10_p})
    return cases


def lloyd(points, start):
    """Until the centres stay; a point equally near goes to the first. Cross-checked with scikit-learn where no point is."""
    centers, iterations, tie = np.array(start, float), 0, False
    while True:
        distances = ((points[:, None] - centers[None]) ** 2).sum(2)
        tie = tie or bool((distances[:, 0] == distances[:, 1]).any())
        assignment = (distances[:, 1] < distances[:, 0]).astype(int)
        moved = np.array([points[assignment == k].mean(0) for k in range(2)])
        if (moved == centers).all():
            return centers, assignment, iterations, tie
        centers, iterations = moved, iterations + 1


def clusters():
    cases = []
    for name, points in [
        ("ratings", Draw("ratings").steps(1, 9, 1, 23, 1)), ("arousal and valence", Draw("both").steps(1, 9, 1, 20, 2)),
        ("grid", Draw("grid").steps(0, 1, 0.125, 18, 2)), ("tied middle", np.array([[0.0], [2], [4]])), ("two points", np.array([[2.0], [7]])),
    ]:
        points = points.astype(np.float64)
        sums = points.sum(1)
        start = [points[sums.argmin()].tolist(), points[sums.argmax()].tolist()]
        centers, assignment, iterations, tie = lloyd(points, start)
        if not tie:
            other = KMeans(2, init=np.array(start), n_init=1, tol=0, algorithm="lloyd").fit(points)
            assert np.allclose(other.cluster_centers_, centers, atol=1e-12) and (other.labels_ == assignment).all()
        threshold = centers.mean(0)
        cases.append({
            "name": name, "points": points.tolist(), "init": start, "centers": centers.tolist(), "assignment": assignment.tolist(),
            "iterations_until_fixed": iterations, "distance_tie_met": tie, "inertia": float(((points - centers[assignment]) ** 2).sum()),
            "threshold": threshold.tolist(), "high_if_greater": (points > threshold).astype(int).tolist(),
            "high_if_greater_or_equal": (points >= threshold).astype(int).tolist(),
        })
    return cases


def best_split(points):
    """Of all splits in two, in exact fractions: the least inertia; of equal ones, the lexicographically smaller centres."""
    exact = [tuple(Fraction(v) for v in point) for point in points]
    best = None
    for size in range(1, len(exact)):
        for first in combinations(range(len(exact)), size):
            parts = ([exact[i] for i in first], [exact[i] for i in range(len(exact)) if i not in first])
            centers = [tuple(sum(axis) / len(part) for axis in zip(*part)) for part in parts]
            inertia = sum((v - c) ** 2 for part, center in zip(parts, centers) for point in part for v, c in zip(point, center))
            if centers[0] < centers[1] and (best is None or (inertia, centers) < best):
                best = (inertia, centers)
    return best


def best_splits():
    cases = []
    for name, points in [
        ("three in a row", [[1], [2], [3]]), ("five in a row", [[1], [2], [3], [4], [5]]), ("square", [[0, 0], [0, 1], [1, 0], [1, 1]]),
        ("cross", [[0, 1], [1, 0], [1, 2], [2, 1]]), ("repeated", [[1], [1], [3], [5], [5]]),
        ("symmetric ratings", [[1, 5], [3, 5], [5, 5], [5, 1], [5, 3]]),
        *((f"drawn {i}", Draw(f"best split {i}").steps(1, 9, 1, 10, 2).astype(int).tolist()) for i in range(3)),
    ]:
        inertia, centers = best_split(points)
        threshold = [float((a + b) / 2) for a, b in zip(*centers)]
        cases.append({"name": name, "points": points, "centers": [[float(v) for v in center] for center in centers],
                      "inertia": float(inertia), "threshold": threshold})
    return cases


def generate(folder):
    for name, cases, tolerance in [("classification", classifications(), {"abs": 1e-12}),
                                   ("pearson", correlations(), {"abs": 1e-12, "p_rel": 1e-8}), ("two_means", clusters(), {"abs": 1e-9})]:
        file = folder.json(f"metrics/{name}.json", {"cases": cases})
        folder.cases.append({"id": f"metrics/{name}", "kind": "metrics", "file": file, "attrs": {}, "tolerance": tolerance})
    file = folder.json("metrics/best_splits.json", {"cases": best_splits()})
    folder.more.append({"id": "metrics/best_splits", "kind": "best-splits", "file": file})
