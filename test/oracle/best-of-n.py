"""Oracle of Best-of-N, its divergence, majority votes and imperfect verifiers: exact fractions and 60-digit arithmetic.

    python3 test/oracle/best-of-n.py      writes best-of-n.json beside itself
"""

import json
import random
from fractions import Fraction
from itertools import combinations, product
from math import comb
from pathlib import Path

import mpmath

mpmath.mp.dps = 60
draw = random.Random(20250202)


def best_of_n(proxy, gold, n):
    """P(the best of an N-subset lies in a tie group) from counts of subsets, times the group's mean gold."""
    size = len(proxy)
    value = Fraction(0)
    for level in sorted(set(proxy)):
        up_to = sum(1 for p in proxy if p <= level)
        below = sum(1 for p in proxy if p < level)
        group = [Fraction(g) for p, g in zip(proxy, gold) if p == level]
        value += Fraction(comb(up_to, n) - comb(below, n), comb(size, n)) * sum(group) / len(group)
    return value


values = []
for size, levels in [(1, 3), (5, 2), (8, 100), (40, 7), (200, 1000), (1000, 25), (2000, 10**6)]:
    proxy = [draw.randrange(levels) for _ in range(size)]
    gold = [draw.randrange(-64, 65) / 64 for _ in range(size)]
    ns = [n for n in sorted({1, 2, max(1, size // 3), max(1, size - 1), size}) if n <= size]
    curve = [{"n": n, "value": float(best_of_n(proxy, gold, n))} for n in ns]
    values.append({"proxy": proxy, "gold": gold, "curve": curve})

divergences = []
for weights in [[1], [1, 1], [1, 3], [1] * 8, [5, 1, 1, 1, 90, 2], [1] * 1000, [10**6, 1], [1, 10**6]]:
    total = sum(weights)
    for n in (1, 2, 7, 64, 10**4):
        below, kl = mpmath.mpf(0), mpmath.mpf(0)
        for weight in weights:
            probability = mpmath.mpf(weight) / total
            up_to = below + probability
            chosen = up_to**n - below**n
            if chosen > 0:
                kl += chosen * mpmath.log(chosen / probability)
            below = up_to
        divergences.append({"weights": weights, "n": n, "kl": float(kl)})

majorities = []
for size, answers in [(1, 1), (4, 2), (6, 3), (8, 3), (9, 5), (10, 2), (12, 4)]:
    given = [draw.choice([None, *range(answers)]) for _ in range(size)]
    right = [answer == 0 or (answer == 1 and draw.random() < 0.3) for answer in given]
    share = {a: Fraction(sum(r for g, r in zip(given, right) if g == a), given.count(a)) for a in set(given) if a is not None}
    for n in range(1, size + 1):
        total = Fraction(0)
        for subset in combinations(given, n):
            counts = {a: subset.count(a) for a in set(subset) if a is not None}
            tied = [a for a, count in counts.items() if count == max(counts.values())]
            if tied:
                total += sum(share[a] for a in tied) / len(tied)
        majorities.append({"answers": given, "correct": right, "n": n, "value": float(total / comb(size, n))})

accepted = []
for p, true, false, k in product((0.0, 1e-12, 0.1, 1.0), (0.0, 0.8, 1.0), (0.0, 1e-15, 0.01, 1.0), (1, 10, 10**6)):
    right = mpmath.mpf(p) * mpmath.mpf(true)
    rate = right + (1 - mpmath.mpf(p)) * mpmath.mpf(false)
    value = (1 - (1 - rate) ** k) * right / rate if rate > 0 else mpmath.mpf(0)
    accepted.append({"p": p, "true": true, "false": false, "k": k, "value": float(value)})

result = {"values": values, "divergences": divergences, "majorities": majorities, "accepted": accepted}
Path(__file__).with_suffix(".json").write_text(json.dumps(result) + "\n")
