"""Maximal log-likelihoods of binomial mixtures by an independent convex solver (cvxopt's interior point).

/usr/bin/python3 mixing-distribution.py > mixing-distribution.json    (Debian: python3-cvxopt, python3-numpy)

For each data set: the counts, and the maximum over distributions on the grid that the library's rule describes and on
one with half its steps. Log-likelihoods are totals in nats without binomial coefficients. Further the extremes of
pass@k over all distributions on the first grid that lose at most half the 95% quantile of chi-square(1) to the maximum.
"""
import json

import numpy as np
from cvxopt import matrix, solvers

solvers.options.update(show_progress=False, abstol=1e-10, reltol=1e-11, feastol=1e-10, maxiters=200)


def grid(n, finer):
    low, turning = 0.01 / max(1e6, n), 0.1 / n
    count = int(np.ceil(6 * finer * np.log10(turning / low)))
    rates = [0.0] + [low * (turning / low) ** (i / count) for i in range(count)]
    p = turning
    while 1 - p > 0.1 / n:
        rates.append(p)
        p += min(0.08 * p, 0.5 * np.sqrt(p * (1 - p) / n)) / finer
    return np.array(rates + [1.0])


def log_likelihood(n, c, p):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(c == 0, 0, c * np.log(p)) + np.where(n == c, 0, (n - c) * np.log1p(-p))


def maximum(counts, problems, rates):
    n = counts[:, 0:1].astype(float)
    c = counts[:, 1:2].astype(float)
    logs = log_likelihood(n, c, rates[None, :])
    scale = logs.max(axis=1)
    rows = np.exp(logs - scale[:, None])
    weights = problems / problems.sum()
    size = len(rates)

    def F(x=None, z=None):
        if x is None:
            return 0, matrix(1.0 / size, (size, 1))
        f = rows @ np.array(x).ravel()
        if np.min(f) <= 0:
            return None
        value = matrix(-float(weights @ np.log(f)))
        gradient = matrix(-(weights / f) @ rows, (1, size))
        if z is None:
            return value, gradient
        scaled = rows * (np.sqrt(weights) / f)[:, None]
        return value, gradient, matrix(z[0] * (scaled.T @ scaled) + 1e-13 * np.eye(size))

    solution = solvers.cp(
        F,
        G=matrix(-np.eye(size)),
        h=matrix(0.0, (size, 1)),
        A=matrix(1.0, (1, size)),
        b=matrix(1.0),
    )
    x = np.maximum(np.array(solution["x"]).ravel(), 0)
    x /= x.sum()
    f = rows @ x
    total = float(problems @ (np.log(f) + scale))
    gap = float(np.max((weights / f) @ rows) - 1)
    return total, gap


CUTOFF = 3.841458820694124


def extremes(counts, problems, rates, total, k):
    """Least and greatest pass@k with 2·(total − log-likelihood) <= CUTOFF, by a convex program each."""
    n = counts[:, 0:1].astype(float)
    c = counts[:, 1:2].astype(float)
    logs = log_likelihood(n, c, rates[None, :])
    scale = logs.max(axis=1)
    rows = np.exp(logs - scale[:, None])
    m = problems.sum()
    weights = problems / m
    size = len(rates)
    floor = (total - float(problems @ scale)) / m - CUTOFF / (2 * m)
    with np.errstate(divide="ignore"):
        passing = -np.expm1(k * np.log1p(-rates))
    ends = []
    for sign in (1, -1):

        def F(x=None, z=None):
            if x is None:
                return 1, matrix(1.0 / size, (size, 1))
            f = rows @ np.array(x).ravel()
            if np.min(f) <= 0:
                return None
            value = matrix(floor - float(weights @ np.log(f)))
            gradient = matrix(-(weights / f) @ rows, (1, size))
            if z is None:
                return value, gradient
            scaled = rows * (np.sqrt(weights) / f)[:, None]
            return value, gradient, matrix(z[0] * (scaled.T @ scaled) + 1e-13 * np.eye(size))

        solution = solvers.cpl(
            matrix(sign * passing),
            F,
            G=matrix(-np.eye(size)),
            h=matrix(0.0, (size, 1)),
            A=matrix(1.0, (1, size)),
            b=matrix(1.0),
        )
        ends.append([float(passing @ np.array(solution["x"]).ravel()), solution["status"]])
    return {"k": k, "lower": ends[0][0], "upper": ends[1][0], "status": [ends[0][1], ends[1][1]]}


def data_sets():
    rng = np.random.default_rng(20240229)
    language = lambda m: np.where(rng.random(m) < 0.15, 0, np.where(rng.random(m) < 0.4, rng.beta(0.3, 10, m), rng.beta(2, 2, m)))
    yield "few draws", np.full(60, 10), rng.beta(0.5, 2, 60)
    yield "language-model-like", np.full(200, 100), language(200)
    yield "beta", np.full(500, 100), rng.beta(0.5, 2, 500)
    yield "a thousand draws", np.full(100, 1000), language(100)
    yield "ragged", np.floor(20 * 25 ** rng.random(150)).astype(int), rng.beta(0.3, 1, 150)
    yield "hardly solved", np.full(80, 200), np.where(np.arange(80) < 3, 0.01, 0)
    yield "ten thousand draws", np.full(60, 10000), rng.beta(0.4, 3, 60)


out = []
for name, n, p in data_sets():
    c = np.random.default_rng(len(name)).binomial(n, p)
    counts, problems = np.unique(np.stack([n, c], axis=1), axis=0, return_counts=True)
    same, gap = maximum(counts, problems, grid(int(n.max()), 1))
    finer, finer_gap = maximum(counts, problems, grid(int(n.max()), 2))
    out.append(
        {
            "name": name,
            "counts": [[int(a), int(b), int(k)] for (a, b), k in zip(counts, problems)],
            "points": len(grid(int(n.max()), 1)),
            "logLikelihood": same,
            "gap": gap,
            "finerLogLikelihood": finer,
            "finerGap": finer_gap,
            "ends": [
                extremes(counts, problems, grid(int(n.max()), 1), same, int(factor * n.max()))
                for factor in (2, 10, 100)
            ]
            if n.max() < 10000
            else [],
        }
    )
print(json.dumps(out))
