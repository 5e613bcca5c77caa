"""Oracle of the likelihood side of src/selection. Writes tournament.json beside itself.

    python3 test/oracle/tournament.py

Rank correlations by scipy. For P_pi[pi'/pi >= N]: variances of counting and of the balance heuristic by quadrature, where
log pi'/pi is normal under pi with scale s (mean -s^2/2), the draws being half from pi and half from pi'; and relative root
mean squared errors with 100 draws from each of K = 8 candidates whose log-densities are independent normals of scale
sigma = 0.92 (so that s = sigma * sqrt(2) for each pair), all pools by Monte Carlo over the other candidates' values.
"""

import json
from pathlib import Path

import numpy
from scipy import integrate, stats

random = numpy.random.default_rng(20250301)

correlations = []
for size, levels in [(2, 0), (5, 0), (9, 4), (12, 0), (31, 6), (60, 0)]:
    left = random.normal(size=size)
    right = 0.6 * left + random.normal(size=size)
    if levels:
        left = numpy.round(left * levels / 4)
        right = numpy.round(right * levels / 4)
    correlations.append(
        {
            "left": left.tolist(),
            "right": right.tolist(),
            "spearman": float(stats.spearmanr(left, right).statistic),
            "kendall": float(stats.kendalltau(left, right).statistic),
        }
    )


def tail(function, lower):
    return integrate.quad(function, lower, lower + 15, epsabs=0, epsrel=1e-12, limit=500)[0]


def halves(s, n):
    """Probability; variance a draw of counting; of balance with exactly half of the draws from each of pi and pi'."""
    start = (numpy.log(n) + s * s / 2) / s
    weight = lambda z: numpy.exp(s * z - s * s / 2)
    term = lambda z: 1 / (0.5 + 0.5 * weight(z))
    p = stats.norm.sf(start)
    own = tail(lambda z: stats.norm.pdf(z) * term(z), start)
    own_square = tail(lambda z: stats.norm.pdf(z) * term(z) ** 2, start)
    other = tail(lambda z: stats.norm.pdf(z) * weight(z) * term(z), start)
    other_square = tail(lambda z: stats.norm.pdf(z) * weight(z) * term(z) ** 2, start)
    assert abs((own + other) / 2 / p - 1) < 1e-9
    balance = (own_square - own**2 + other_square - other**2) / 2
    return {"s": s, "n": n, "probability": p, "count": p * (1 - p), "balance": balance}


variances = [halves(s, n) for s, n in [(1.5, 16), (1.5, 64), (3, 64)]]


def pools(sigma=0.92, candidates=8, draws=100, n=8, samples=4_000_000):
    s = sigma * numpy.sqrt(2)
    p = stats.norm.sf((numpy.log(n) + s * s / 2) / s)
    pair = halves(s, n)["balance"] / (2 * draws)
    # Under model k its own log-density is N(sigma^2, sigma^2) around -sigma^2/2, the others' N(0, sigma^2).
    total = 0.0
    for k in range(candidates):
        if k > 2:
            break
        z = sigma * random.standard_normal((candidates, samples // 3))
        z[k] += sigma**2
        ratio = numpy.exp(z)
        term = (z[1] - z[0] >= numpy.log(n)) * ratio[0] / (draws * ratio.sum(0))
        # Candidates 2 … 7 are alike.
        total += (1 if k < 2 else candidates - 2) * draws * term.var()
    return {
        "sigma": sigma,
        "probability": p,
        "count": float(numpy.sqrt((1 - p) / (draws * p))),
        "pair": float(numpy.sqrt(pair) / p),
        "all": float(numpy.sqrt(total) / p),
    }


text = json.dumps({"correlations": correlations, "variances": variances, "pools": pools()}, indent=1)
Path(__file__).with_suffix(".json").write_text(text + "\n")
