"""Oracle of src/selection: paired differences by numpy and scipy, seeded. Writes selection.json beside itself.

    python3 test/oracle/selection.py
"""

import json
from pathlib import Path

import numpy
from scipy import stats

random = numpy.random.default_rng(20250201)
cases = []
for problems, draws, level in [(2, 1, 0.95), (3, 8, 0.9), (20, 1, 0.95), (128, 16, 0.99), (1319, 1, 0.95), (500, 4, 0.5)]:
    rates = random.beta(0.5, 0.8, size=problems)
    left = random.binomial(draws, rates) / draws
    right = random.binomial(draws, rates * 0.9) / draws
    difference = left - right
    error = numpy.sqrt(difference.var(ddof=1) / problems + 1 / problems**2)
    low, high = stats.t.interval(level, problems - 1, loc=difference.mean(), scale=error)
    cases.append(
        {
            "level": level,
            "left": left.tolist(),
            "right": right.tolist(),
            "estimate": float(difference.mean()),
            "standardError": float(error),
            "lower": max(-1.0, float(low)),
            "upper": min(1.0, float(high)),
        }
    )

# Student's t at the probability of a normal value: the small-sample step of the confidence set.
student = [
    {"normal": z, "degreesOfFreedom": nu, "student": float(stats.t.isf(stats.norm.sf(z), nu))}
    for z in (1.0, 2.0, 3.0, 4.0)
    for nu in (4, 19, 99, 1318)
]

Path(__file__).with_suffix(".json").write_text(json.dumps({"cases": cases, "student": student}, indent=1) + "\n")
