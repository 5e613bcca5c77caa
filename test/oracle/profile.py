"""Oracle of profiles and divergences in src/coverage, by numpy, scipy and mpmath, seeded. Writes profile.json beside itself.

    python3 test/oracle/profile.py
"""

import json
from pathlib import Path

import mpmath
import numpy
from scipy import stats

random = numpy.random.default_rng(20250202)
mpmath.mp.dps = 40


def clopper_pearson(successes, trials, level):
    tail = (1 - level) / 2
    lower = 0.0 if successes == 0 else stats.beta.ppf(tail, successes, trials - successes + 1)
    upper = 1.0 if successes == trials else stats.beta.ppf(1 - tail, successes + 1, trials - successes)
    return float(lower), float(upper)


def effective_trials(means, trials, level):
    m = len(means)
    p = means.mean()
    if m == 1 or p in (0, 1):
        return float(m)
    t = lambda df: stats.t.ppf(1 - (1 - level) / 2, df)
    return float(min(trials, p * (1 - p) / (means.var(ddof=1) / m)) * (t(trials - 1) / t(m - 1)) ** 2)


def student(means, level):
    m = len(means)
    half = stats.t.ppf(1 - (1 - level) / 2, m - 1) * means.std(ddof=1) / numpy.sqrt(m)
    return {"estimate": float(means.mean()), "lower": float(means.mean() - half), "upper": float(means.mean() + half)}


cases = []
for prompts, most, level in [(12, 1, 0.95), (30, 6, 0.9), (200, 3, 0.95), (60, 8, 0.99)]:
    sizes = random.integers(1, most + 1, size=prompts)
    owner = random.permutation(numpy.repeat(numpy.arange(prompts), sizes))
    shift = random.exponential(1.5, size=prompts)[owner]
    reference = -random.exponential(30, size=len(owner)) - 1
    model = numpy.minimum(reference - shift - random.normal(0, 1, size=len(owner)), 0)
    tokens = random.integers(5, 60, size=len(owner))
    x = reference - model
    by_prompt = lambda values: numpy.array([values[owner == prompt].mean() for prompt in range(prompts)])
    shows = lambda means: min((means > 0).sum(), (means < 1).sum()) >= 5
    hits = lambda threshold: by_prompt((x >= threshold).astype(float))
    deciles = [hits(numpy.sort(x)[len(x) * decile // 10]) for decile in range(1, 10)]
    design = [len(x) / effective_trials(means, len(x), level) for means in deciles if shows(means)]
    sparse = len(x) / max(design) if design else prompts
    if prompts == len(x):
        sparse = prompts
    points = []
    for n in [1, 2, 3.7, 16, 64, 256]:
        means = hits(numpy.log(n))
        own = effective_trials(means, len(x), level)
        pointwise = own if shows(means) else min(own, sparse)
        lower, upper = clopper_pearson(means.mean() * pointwise, pointwise, level)
        points.append({"n": n, "coverage": float(means.mean()), "lower": lower, "upper": upper, "trials": float(own if shows(means) else sparse)})
    loss, length = by_prompt(-model), by_prompt(tokens.astype(float))
    ratio = loss.mean() / length.mean()
    linear = student((loss - ratio * length) / length.mean(), level)
    per_token = {"estimate": float(ratio), "lower": float(ratio + linear["lower"]), "upper": float(ratio + linear["upper"])}
    cases.append(
        {
            "level": level,
            "prompts": owner.tolist(),
            "reference": reference.tolist(),
            "model": model.tolist(),
            "tokens": tokens.tolist(),
            "profile": points,
            "kl": student(by_prompt(x), level),
            "squaredHellinger": student(by_prompt(1 - numpy.exp(-x / 2)), level),
            "sequence": student(loss, level),
            "perToken": per_token,
        }
    )


def divergence(p, q):
    first = 0 if p == 0 else p * mpmath.log(p / q)
    second = 0 if p == 1 else (1 - p) * mpmath.log((1 - p) / (1 - q))
    return first + second


def band_end(p, largest, end):
    """The q between p and the end at which kl(p‖q) is the largest allowed, by bisection in 40 digits."""
    inside, outside = mpmath.mpf(p), mpmath.mpf(end)
    if inside == outside:
        return float(end)
    for _ in range(120):
        middle = (inside + outside) / 2
        if divergence(mpmath.mpf(p), middle) <= largest:
            inside = middle
        else:
            outside = middle
    return float(inside)


bands = []
for p, trials, kappa in [(0.0, 20, 4.957), (1.0, 100, 5.3766), (0.01, 1000, 5.8037), (0.5, 50, 5.2119), (1e-5, 100000, 6.3576), (0.999, 2000, 5.9066)]:
    largest = mpmath.mpf(kappa) / trials
    bands.append({"estimate": p, "trials": trials, "lower": band_end(p, largest, 0), "upper": band_end(p, largest, 1)})

# Exact intervals of a quantile of independent values, from the order statistics by scipy's binomial tails.
quantiles = []
for count, epsilon, level in [(50, 0.1, 0.95), (200, 0.01, 0.9), (200, 0.25, 0.95), (1000, 0.05, 0.99)]:
    values = numpy.sort(-random.exponential(100, size=count))
    tail = (1 - level) / 2
    # The j-th smallest is excluded from below if at most j values lie at or below it with chance under the tail …
    low = next((j for j in range(0, count + 1) if stats.binom.cdf(j, count, epsilon) >= tail), count)
    # … and from above if at least j lie at or below the one before it with chance under the tail.
    high = next((j for j in range(0, count + 1) if stats.binom.sf(j - 1, count, epsilon) < tail), None)
    quantiles.append(
        {
            "epsilon": epsilon,
            "level": level,
            "values": random.permutation(values).tolist(),
            "quantile": float(values[int(numpy.ceil(count * epsilon - 1e-9)) - 1]),
            "lower": None if low == 0 else float(values[low - 1]),
            "upper": 0.0 if high is None else float(values[high - 1]),
        }
    )

Path(__file__).with_suffix(".json").write_text(json.dumps({"cases": cases, "bands": bands, "quantiles": quantiles}) + "\n")
