"""Trajectories of PyTorch's optimisers in float64, on a least-squares loss of a matrix and a vector.

python3 -P test/oracle/update-rules.py > test/oracle/update-rules.json   (PyTorch 2.13; -P, as profile.py beside this file would hide Python's own)

Muon runs PyTorch's own step with the orthogonalisation in float64 in place of bfloat16.
"""

import json
import math

import torch
from torch.optim import _muon

torch.set_default_dtype(torch.float64)
STEPS = 60
KEPT = (1, 2, 10, 60)


def sines(count, shift):
    return torch.tensor([math.sin(1.7 * i + shift) for i in range(count)])


def double_zeropower(grad, coefficients, steps, eps):
    original = torch.Tensor.bfloat16
    torch.Tensor.bfloat16 = lambda self: self.clone()
    try:
        return zeropower(grad, coefficients, steps, eps)
    finally:
        torch.Tensor.bfloat16 = original


zeropower = _muon._zeropower_via_newtonschulz
_muon._zeropower_via_newtonschulz = double_zeropower


def run(make, transposed=False, matrix_only=False):
    matrix = sines(15, 0.3).reshape(3, 5)
    vector = sines(5, 0.9)
    if transposed:
        matrix = matrix.T.contiguous()
    matrix.requires_grad_()
    vector.requires_grad_()
    inputs = sines(12, 2.1).reshape(4, 3)
    targets = sines(20, 4.2).reshape(4, 5)
    optimizer = make([matrix] if matrix_only else [matrix, vector])
    kept = {}
    for step in range(1, STEPS + 1):
        optimizer.zero_grad()
        weight = matrix.T if transposed else matrix
        loss = ((inputs @ weight + vector - targets) ** 2).sum() / 8
        loss.backward()
        optimizer.step()
        if step in KEPT:
            weight = matrix.T if transposed else matrix
            kept[step] = {
                "matrix": weight.detach().reshape(-1).tolist(),
                "vector": vector.detach().tolist(),
            }
    return kept


rules = {
    "sgd": run(lambda p: torch.optim.SGD(p, lr=0.2)),
    "sgd with momentum and decay": run(lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.8, weight_decay=0.03)),
    "adam": run(lambda p: torch.optim.Adam(p, lr=0.03)),
    "adam with decay": run(lambda p: torch.optim.Adam(p, lr=0.03, betas=(0.8, 0.95), eps=1e-5, weight_decay=0.1)),
    "adamw": run(lambda p: torch.optim.AdamW(p, lr=0.03, betas=(0.9, 0.99), weight_decay=0.2)),
    "muon": run(lambda p: torch.optim.Muon(p, lr=0.02, weight_decay=0.1), transposed=True, matrix_only=True),
}
print(json.dumps({"torch": torch.__version__, "rules": rules}))
