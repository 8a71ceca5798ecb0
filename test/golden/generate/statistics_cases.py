"""What a result comes with: scores, signed ranks, quantiles, intervals over subjects, permutations within subjects, and what it stands
beside: a linear SVM, logistic regression, linear discriminant analysis, an SVM with radial basis functions, a random forest.

Where chance is involved, the whole distribution is enumerated: any program's random draws must come near it.
"""
import warnings
from itertools import permutations, product

import numpy as np
from scipy import stats
from sklearn import metrics as scores
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from draw import Draw


def signed_rank(a, b):
    """Exact two-sided p over every pattern of signs, mid-ranks for ties, equal pairs dropped; SciPy's where nothing is tied."""
    difference = np.subtract(a, b)
    difference = difference[difference != 0]
    n = len(difference)
    if n == 0:
        return {"n": 0, "w": 0.0, "p": 1.0}
    ranks = stats.rankdata(np.abs(difference))
    w = ranks[difference > 0].sum()
    untied = len(set(np.abs(difference))) == n
    if n <= 14:
        sums = np.array([np.dot(signs, ranks) for signs in product((0, 1), repeat=n)])
        p = min(1.0, 2 * min((sums <= w).mean(), (sums >= w).mean()))
        if untied:
            assert np.isclose(p, stats.wilcoxon(difference, mode="exact").pvalue, rtol=1e-12)
    else:
        assert untied
        p = stats.wilcoxon(difference, mode="exact").pvalue
    return {"n": n, "w": float(w), "p": float(p)}


def signed_ranks():
    cases = []
    for n, step in [(5, None), (9, None), (13, None), (30, None), (6, 0.5), (12, 0.25), (10, 0.125), (14, 0.5)]:
        draw = Draw(f"signed ranks {n} {step}")
        a, b = (draw.normal(n) + np.float32(0.3), draw.normal(n)) if step is None else (draw.steps(0, 2, step, n), draw.steps(0, 1.5, step, n))
        a, b = a.astype(np.float64).tolist(), b.astype(np.float64).tolist()
        cases.append({"a": a, "b": b, **signed_rank(a, b)})
    for a, b in [([1.0, 1.0], [1.0, 1.0]), ([2.0] * 6, [1.0] * 6), ([1.0] * 7, [2.0] * 6 + [0.0])]:
        cases.append({"a": a, "b": b, **signed_rank(a, b)})
    return cases


def quantiles():
    """Bounds of the central share of given numbers, by NumPy's linear definition."""
    cases = []
    for n in (2, 5, 21, 40, 101):
        values = Draw(f"quantiles {n}").normal(n).astype(np.float64)
        for level in (0.95, 0.9, 0.5):
            low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
            cases.append({"values": values.tolist(), "level": level, "low": float(low), "high": float(high)})
    return cases


def bootstrap():
    """Accuracy when whole subjects are drawn with replacement: every draw is equally likely, so the distribution is known."""
    hits, trials = [3, 7, 2, 9, 4, 5], [5, 8, 7, 10, 9, 6]
    draws = np.array(list(product(range(len(hits)), repeat=len(hits))))
    accuracy = np.array(hits)[draws].sum(1) / np.array(trials)[draws].sum(1)
    values, counts = np.unique(accuracy.round(12), return_counts=True)
    return {"hits": hits, "trials": trials, "values": values.tolist(), "counts": counts.tolist()}


def permutation(name, subjects):
    """P(at least as many hits) when each subject's labels are shuffled; and, for contrast, when all labels are."""
    def distribution(labels, predictions):
        hits = [sum(a == b for a, b in zip(order, predictions)) for order in permutations(labels)]
        return np.bincount(hits, minlength=len(labels) + 1) / len(hits)

    observed = sum(a == b for labels, predictions in subjects for a, b in zip(labels, predictions))
    within = np.ones(1)
    for labels, predictions in subjects:
        within = np.convolve(within, distribution(labels, predictions))
    labels, predictions = (sum((list(subject[side]) for subject in subjects), []) for side in range(2))
    n, ones, said = len(labels), sum(labels), sum(predictions)
    # Shuffled over everybody, the hits among the predicted ones are hypergeometric.
    across = sum(stats.hypergeom.pmf(k, n, ones, said) for k in range(said + 1) if 2 * k + n - ones - said >= observed)
    return {"name": name, "subjects": subjects, "p": float(within[observed:].sum()), "p_across": float(across)}


def permutations_within():
    usual = [([1, 1, 1, 0], [1, 1, 1, 1]), ([0, 0, 0, 1], [0, 0, 0, 0]), ([1, 1, 0], [1, 1, 1]), ([0, 0], [0, 0])]
    knowing = [([1, 0, 1, 0], [1, 0, 1, 0]), ([0, 0, 1, 1], [0, 1, 1, 1]), ([1, 0, 0], [0, 0, 0]), ([0, 1, 1, 1, 0], [0, 1, 1, 0, 0])]
    mixed = [([1, 1, 1, 1, 0], [1, 1, 1, 1, 0]), ([0, 0, 0, 0, 1], [0, 0, 0, 0, 0]), ([1, 0], [0, 1]), ([1, 0, 0], [1, 0, 1])]
    certain = [([1, 0, 1, 0, 0, 1], [1, 0, 1, 0, 0, 1])] * 9
    return [permutation(*case) for case in (("usual label", usual), ("knowing", knowing), ("mixed", mixed), ("certain", certain))]


def support_vectors():
    cases = []
    for rows, features, shift in [(40, 5, 0.6), (25, 60, 0.3), (60, 3, 0.2)]:
        draw = Draw(f"svm {rows}")
        labels = (np.arange(rows) % 2).astype(int)
        x = (draw.normal(rows, features) + np.float32(shift) * labels[:, None]).astype(np.float32)
        x = (np.round(x * 4096) / 4096).astype(np.float32)
        unseen = draw.normal(12, features)
        svm = SVC(kernel="linear", C=0.25, tol=1e-10).fit(x.astype(np.float64), labels)
        w, b = svm.coef_[0], float(svm.intercept_[0])
        margins = (2 * labels - 1) * (x.astype(np.float64) @ w + b)
        cases.append({"rows": x.astype(np.float64).tolist(), "labels": labels.tolist(), "unseen": unseen.astype(np.float64).tolist(),
                      "cost": 0.25, "decisions": svm.decision_function(unseen.astype(np.float64)).tolist(),
                      "primal": float(w @ w / 2 + 0.25 * np.maximum(0, 1 - margins).sum())})
    return cases


def two_class_scores():
    """Scores in [0, 1] with many ties, of a model that knows a little, knows nothing, errs, or always says the same."""
    cases = []
    for name, n, share, knows in [("little", 60, 0.4, 0.2), ("nothing", 41, 0.6, 0), ("wrong", 25, 0.5, -0.3), ("sure", 80, 0.3, 0.45),
                                  ("few", 5, 0.4, 0.1), ("low", 20, 0.5, None), ("high", 20, 0.25, None)]:
        draw = Draw(f"two-class scores {name}")
        labels = (draw.uniform(n) < share).astype(int)
        labels[:2] = (0, 1)
        said = {"low": np.full(n, 0.25), "high": np.full(n, 0.75)}.get(name)
        if said is None:
            noise = draw.steps(0, 0.5, 0.0625, n).astype(np.float64)
            said = np.clip(0.25 + noise + knows * (2 * labels - 1), 0, 1)
        called = (said > 0.5).astype(int)
        precision, recall, f1, _ = scores.precision_recall_fscore_support(labels, called, average="binary", zero_division=0)
        cases.append({"name": name, "labels": labels.tolist(), "scores": said.tolist(), "expected": {
            "accuracy": scores.accuracy_score(labels, called), "balanced_accuracy": scores.balanced_accuracy_score(labels, called),
            "f1": f1, "macro_f1": scores.f1_score(labels, called, average="macro", zero_division=0),
            "precision": precision, "recall": recall, "auc": scores.roc_auc_score(labels, said),
            "mcc": scores.matthews_corrcoef(labels, called), "brier": scores.brier_score_loss(labels, said)}})
    return cases


def guesses():
    """Mean scores over all draws of guessers who say high with one probability."""
    cases = []
    for labels, share in [([1, 0, 1, 1, 0, 1], 0.7), ([0, 0, 1, 0, 1, 0, 0, 1], 0.25)]:
        means = np.zeros(4)
        for said in product((0, 1), repeat=len(labels)):
            chance = np.prod([share if high else 1 - share for high in said])
            means += chance * np.array([scores.accuracy_score(labels, said), scores.balanced_accuracy_score(labels, said),
                                        scores.recall_score(labels, said, zero_division=0), scores.roc_auc_score(labels, said)])
        cases.append({"labels": labels, "share": share, "accuracy": means[0], "balanced_accuracy": means[1], "recall": means[2], "auc": means[3]})
    return cases


def binomial_limits():
    return [{"trials": n, "chance": chance, "level": level, "limit": int(stats.binom.ppf(level, n, chance))}
            for n in (1, 4, 16, 48, 144, 1000) for chance in (0.05, 0.3) for level in (0.99, 0.9)]


def spreads():
    cases = []
    for n in (2, 3, 10):
        values = (Draw(f"spread {n}").normal(n) + np.float32(100)).astype(np.float64)
        cases.append({"values": values.tolist(), "mean": float(np.mean(values)), "sd": float(np.std(values, ddof=1))})
    return cases


def learners():
    """Features of different sizes, one of them constant in the first case, more features than rows in the last."""
    cases = []
    for rows, features, shift in [(50, 4, 0.6), (120, 9, 0.4), (24, 30, 0.5)]:
        draw = Draw(f"learners {rows}")
        sizes = np.float32(2) ** (np.arange(features) % 7 - 3).astype(np.float32)

        def people(n):
            labels = (draw.uniform(n) < 0.4).astype(int)
            x = (draw.normal(n, features) + np.float32(shift) * labels[:, None].astype(np.float32)) * sizes + np.float32(1)
            if rows == 50:
                x[:, 2] = 3
            return x.astype(np.float64), labels

        (x, y), (unseen, truth) = people(rows), people(100)
        scaler = StandardScaler().fit(x)
        z = scaler.transform(x)
        logistic = LogisticRegression(C=1, tol=1e-14, max_iter=10000, solver="newton-cg").fit(z, y)
        lda = LinearDiscriminantAnalysis(solver="svd").fit(x, y)
        rbf = SVC(kernel="rbf", C=1, gamma="scale", tol=1e-10).fit(z, y)
        forests = [RandomForestClassifier(200, random_state=seed).fit(x, y).score(unseen, truth) for seed in range(3)]
        cases.append({"rows": x.tolist(), "labels": y.tolist(), "unseen": unseen.tolist(), "truth": truth.tolist(),
                      "logistic": {"weights": logistic.coef_[0].tolist(), "bias": float(logistic.intercept_[0])},
                      "lda": {"weights": lda.coef_[0].tolist(), "bias": float(lda.intercept_[0])},
                      "rbf": {"decisions": rbf.decision_function(scaler.transform(unseen)).tolist()},
                      "forest": {"accuracy": float(np.mean(forests))}})
    return cases


def rating_scores():
    """Predicted ratings of a scale, near to the truth, far from it, opposed, and far from zero; R² against given references, too."""
    cases = []
    for name, n, knows, offset in [("near", 40, 0.9, 0), ("far", 31, 0.1, 2), ("opposed", 12, -0.6, 0), ("large", 25, 0.5, 1000), ("two", 2, 0.5, 0)]:
        draw = Draw(f"rating scores {name}")
        ratings = draw.steps(1, 9, 0.5, n).astype(np.float64) + offset
        said = ratings.mean() + knows * (ratings - ratings.mean()) + draw.normal(n).astype(np.float64)
        references = ratings.mean() + draw.normal(n).astype(np.float64)
        (vy, c), (_, vx) = np.cov(ratings, said, bias=True)
        mse = scores.mean_squared_error(ratings, said)
        assert np.isclose(1 - n * mse / np.sum((ratings - ratings.mean()) ** 2), scores.r2_score(ratings, said), rtol=1e-12)
        cases.append({"name": name, "ratings": ratings.tolist(), "said": said.tolist(), "references": references.tolist(), "expected": {
            "mae": scores.mean_absolute_error(ratings, said), "rmse": float(np.sqrt(mse)),
            "r2": float(1 - n * mse / np.sum((ratings - references) ** 2)), "r2_of_mean": scores.r2_score(ratings, said),
            "r": float(stats.pearsonr(ratings, said)[0]),
            "ccc": float(2 * c / (vy + vx + (ratings.mean() - said.mean()) ** 2))}})
    return cases


def rating_permutations():
    """P(r at least as great) over all orders of each subject's ratings."""
    cases = []
    for name, knows in [("knows", 0.8), ("knows nothing", 0.0), ("opposes", -0.5)]:
        draw = Draw(f"rating permutations {name}")
        subjects = []
        for n in (4, 3, 4):
            ratings = draw.steps(1, 9, 1, n).astype(np.float64)
            subjects.append((ratings.tolist(), (knows * ratings + draw.normal(n)).astype(np.float64).tolist()))
        said = np.concatenate([of for _, of in subjects])
        observed = stats.pearsonr(np.concatenate([ratings for ratings, _ in subjects]), said)[0]
        orders = product(*(permutations(ratings) for ratings, _ in subjects))
        centred = (said - said.mean()) / np.sqrt(((said - said.mean()) ** 2).sum())
        all_ratings = np.array([np.concatenate(order) for order in orders])
        spread = np.sqrt(((all_ratings[0] - all_ratings[0].mean()) ** 2).sum())
        p = float((all_ratings @ centred / spread >= observed - 1e-9).mean())
        cases.append({"name": name, "subjects": subjects, "p": p})
    return cases


def regressors():
    """More rows than features, and more features than rows."""
    cases = []
    for rows, features in [(60, 6), (20, 45)]:
        draw = Draw(f"regressors {rows}")
        truth = draw.normal(features).astype(np.float64) / np.sqrt(features)

        def people(n):
            x = (draw.normal(n, features) + np.float32(2)).astype(np.float64)
            return x, 5 + (x - 2) @ truth * 2 + draw.normal(n).astype(np.float64) * 0.5

        (x, y), (unseen, rated) = people(rows), people(100)
        ridge = Ridge(alpha=1).fit(x, y)
        forests = [RandomForestRegressor(200, max_features=1 / 3, random_state=seed).fit(x, y) for seed in range(3)]
        errors = [np.sqrt(scores.mean_squared_error(rated, forest.predict(unseen))) for forest in forests]
        cases.append({"rows": x.tolist(), "ratings": y.tolist(), "unseen": unseen.tolist(), "rated": rated.tolist(),
                      "ridge": {"weights": ridge.coef_.tolist(), "bias": float(ridge.intercept_)},
                      "forest": {"rmse": float(np.mean(errors))}})
    return cases


def generate(folder):
    warnings.simplefilter("ignore")
    for name, document in [("signed_ranks", {"cases": signed_ranks()}), ("quantiles", {"cases": quantiles()}), ("bootstrap", bootstrap()),
                           ("permutations", {"cases": permutations_within()}), ("svm", {"cases": support_vectors()}),
                           ("two_class_scores", {"cases": two_class_scores()}), ("guesses", {"cases": guesses()}),
                           ("binomial_limits", {"cases": binomial_limits()}), ("spreads", {"cases": spreads()}),
                           ("learners", {"cases": learners()}), ("rating_scores", {"cases": rating_scores()}),
                           ("rating_permutations", {"cases": rating_permutations()}), ("regressors", {"cases": regressors()})]:
        file = folder.json(f"statistics/{name}.json", document)
        folder.more.append({"id": f"statistics/{name}", "kind": name, "file": file})
