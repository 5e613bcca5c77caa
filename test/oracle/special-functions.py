"""Special functions to 40 digits with mpmath, extreme arguments included. python3 special-functions.py > special-functions.json

A quantile is checked through its distribution function: the digits of q must be right, so each entry holds the
quantile found by bisection on mpmath's own distribution function.
"""
import json

from mpmath import exp, gammainc, log, loggamma, mp, mpf, sqrt

mp.dps = 60


def continued_fraction(x, a, b):
    """I_x(a, b) by its continued fraction (DLMF 8.17.22), which converges fast for x < (a+1)/(a+b+2)."""
    tiny = mpf(10) ** -1000
    c = mpf(1)
    d = 1 / ((1 - (a + b) * x / (a + 1)) or tiny)
    f = d
    for m in range(1, 100000):
        for numerator in (
            m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)),
            -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)),
        ):
            d = 1 / ((1 + numerator * d) or tiny)
            c = (1 + numerator / c) or tiny
            f *= c * d
        if abs(c * d - 1) < mpf(10) ** -50:
            break
    else:
        raise ArithmeticError("no convergence")
    return f * exp(a * log(x) + b * log(1 - x) - loggamma(a) - loggamma(b) + loggamma(a + b)) / a


def betainc(a, b, low, x, regularized):
    if x <= 0:
        return mpf(0)
    if x >= 1:
        return mpf(1)
    if x < (a + 1) / (a + b + 2):
        return continued_fraction(x, a, b)
    return 1 - continued_fraction(1 - x, b, a)


def bisect(distribution, p, low, high):
    """The p-quantile by bisection in a bracket, relative 1e-25."""
    for _ in range(3000):
        middle = sqrt(low * high) if low > 0 and high / low > 4 else (low + high) / 2
        if distribution(middle) < p:
            low = middle
        else:
            high = middle
        if high - low < mpf(10) ** -25 * abs(middle):
            break
    return (low + high) / 2


def beta_distribution(a, b):
    return lambda x: betainc(a, b, 0, x, regularized=True)


def number(x):
    return float(mp.nstr(x, 20))


incomplete = []
for x, a, b in [
    ("0.5", "2", "3"), ("1e-8", "0.5", "1"), ("1e-300", "0.5", "2"), ("0.999999", "1e4", "1"), ("0.3", "1e6", "2.3e6"),
    ("0.5", "1e6", "1e6"), ("0.4990", "1e6", "1e6"), ("1e-6", "1", "1e6"), ("2e-6", "3", "1e6"), ("0.01", "1e-3", "1e-3"),
    ("0.9", "1e-3", "50"), ("0.25", "0.7", "12345.6"), ("1e-5", "17", "999984"),
]:
    value = betainc(mpf(a), mpf(b), 0, mpf(float(x)), regularized=True)
    incomplete.append({"x": float(x), "alpha": float(a), "beta": float(b), "value": number(value)})

quantiles = []
for p, a, b in [
    ("0.025", "1", "10"), ("0.975", "3", "98"), ("0.025", "1", "1000000"), ("0.975", "2", "999999"), ("0.5", "500", "500"),
    ("0.025", "0.4", "12.7"), ("0.975", "1.4", "11.7"), ("1e-10", "5", "50"), ("0.025", "5000", "1e6"), ("0.975", "1e6", "3"),
    ("0.025", "1e6", "1e6"), ("0.000001", "2", "2"), ("0.025", "0.01", "5"), ("0.999", "0.5", "200"),
]:
    a_, b_ = mpf(float(a)), mpf(float(b))
    q = bisect(beta_distribution(a_, b_), mpf(float(p)), mpf(10) ** -400, mpf(1))
    quantiles.append({"probability": float(p), "alpha": float(a), "beta": float(b), "value": number(q)})

student = []
for p, v in [("0.975", "1"), ("0.975", "2"), ("0.975", "7"), ("0.995", "499"), ("0.975", "1e6"), ("0.9999", "3"), ("0.6", "5000")]:
    p_, v_ = mpf(float(p)), mpf(float(v))
    # P[T > t] = I_{v/(v+t²)}(v/2, 1/2)/2
    upper = lambda t: 1 - betainc(v_ / 2, mpf(1) / 2, 0, v_ / (v_ + t * t), regularized=True) / 2
    student.append({"probability": float(p), "degreesOfFreedom": float(v), "value": number(bisect(upper, p_, mpf(10) ** -10, mpf(10) ** 10))})

chi = []
for p, v in [("0.95", "1"), ("0.975", "1"), ("0.99999", "1"), ("1e-6", "1"), ("0.95", "10"), ("0.5", "1000"), ("0.9999999", "3")]:
    p_, v_ = mpf(float(p)), mpf(float(v))
    cdf = lambda x: gammainc(v_ / 2, 0, x / 2, regularized=True)
    chi.append({"probability": float(p), "degreesOfFreedom": float(v), "value": number(bisect(cdf, p_, mpf(10) ** -30, mpf(10) ** 6))})

normal = []
for p in ["0.975", "0.5001", "0.9999999", "1e-12", "1e-300", "0.025"]:
    p_ = mpf(float(p))
    # By symmetry from the small tail: erfc keeps its digits.
    tail = p_ if p_ < mpf(1) / 2 else 1 - p_
    distribution = lambda t: 1 - mp.erfc(t / sqrt(mpf(2))) / 2 / tail
    q = bisect(lambda t: -(mp.erfc(t / sqrt(mpf(2))) / 2), -tail, mpf(10) ** -8, mpf(60))
    normal.append({"probability": float(p), "value": number(q if p_ > mpf(1) / 2 else -q)})

gamma = [{"x": float(x), "value": number(loggamma(mpf(float(x))))} for x in ["1e-300", "1e-8", "0.5", "1.0000001", "2.5", "171.6", "1e6", "1e15", "1e300"]]

print(json.dumps({"incompleteBeta": incomplete, "betaQuantile": quantiles, "studentQuantile": student, "chiSquareQuantile": chi, "normalQuantile": normal, "logGamma": gamma}, indent=1))
