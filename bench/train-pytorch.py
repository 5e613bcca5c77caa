"""PyTorch's side of bench/train.ts: GPT-2 trained eagerly. Reads one number of seconds a line, answers with step times.

    python3 train-pytorch.py '{"layers":2,"heads":4,"width":128,"vocabularySize":110,"length":128,"batch":32,"threads":2,"attention":"plain","adam":"foreach"}'
"""

import json
import math
import re
import sys
import time

import torch
import torch.nn.functional as F

sizes = json.loads(sys.argv[1])
layers, heads, width, length, batch = (sizes[key] for key in ("layers", "heads", "width", "length", "batch"))
vocabulary = sizes["vocabularySize"]
torch.set_num_threads(sizes["threads"])
torch.manual_seed(0)


class Block(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = torch.nn.LayerNorm(width), torch.nn.LayerNorm(width)
        self.attention = torch.nn.Linear(width, 3 * width)
        self.projection = torch.nn.Linear(width, width)
        self.wide, self.narrow = torch.nn.Linear(width, 4 * width), torch.nn.Linear(4 * width, width)
        self.register_buffer("later", torch.ones(length, length, dtype=torch.bool).triu(1))

    def forward(self, x):
        q, k, v = (
            part.view(batch, length, heads, width // heads).transpose(1, 2)
            for part in self.attention(self.ln_1(x)).split(width, 2)
        )
        if sizes["attention"] == "fused":
            mixed = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(2, 3) * (1 / math.sqrt(width // heads))
            mixed = scores.masked_fill(self.later, -math.inf).softmax(3) @ v
        x = x + self.projection(mixed.transpose(1, 2).reshape(batch, length, width))
        return x + self.narrow(F.gelu(self.wide(self.ln_2(x)), approximate="tanh"))


class Model(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.tokens, self.positions = torch.nn.Embedding(vocabulary, width), torch.nn.Embedding(length, width)
        self.blocks = torch.nn.ModuleList(Block() for _ in range(layers))
        self.norm, self.head = torch.nn.LayerNorm(width), torch.nn.Linear(width, vocabulary, bias=False)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                torch.nn.init.normal_(parameter, std=0.02)

    def forward(self, tokens):
        x = self.tokens(tokens) + self.positions.weight
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


model = Model()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, **{sizes["adam"]: True})
numbers = torch.arange(batch * length)
tokens = (numbers * 7919 % vocabulary).view(batch, length)
targets = (numbers + 1) * 7919 % vocabulary


def step():
    optimizer.zero_grad(set_to_none=True)
    loss = F.cross_entropy(model(tokens).view(-1, vocabulary), targets, reduction="sum") / batch
    loss.backward()
    optimizer.step()
    return loss.item()


for _ in range(3):
    step()
print(json.dumps(dict(name=f"PyTorch {torch.__version__}")), flush=True)
for line in sys.stdin:
    times, cpu, end = [], time.process_time(), time.perf_counter() + float(line)
    while time.perf_counter() < end or not times:
        start = time.perf_counter()
        loss = step()
        times.append(time.perf_counter() - start)
    seconds = (time.process_time() - cpu) / len(times)
    peak = int(re.search(r"VmHWM:\s+(\d+)", open("/proc/self/status").read())[1]) * 1024
    print(json.dumps(dict(seconds=times, cpuSeconds=seconds, peakBytes=peak, loss=loss)), flush=True)
