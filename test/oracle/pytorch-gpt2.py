"""Oracle of src/model/transformer: GPT-2 in PyTorch under Hugging Face's names, seeded. Writes pytorch-gpt2.json beside itself.

    python3 test/oracle/pytorch-gpt2.py

Log-probabilities, gradients and Adam steps are computed in float64 from parameters that float32 holds exactly; the
training run is float32, as users run it. Arrays are base64 of little-endian numbers.
"""

import base64
import json
import math
import sys
from pathlib import Path

# profile.py in this folder would hide Python's own, which PyTorch imports.
sys.path.pop(0)

import torch
import torch.nn.functional as F

torch.manual_seed(20251015)
torch.set_num_threads(1)

SIZES = dict(vocabularySize=23, contextLength=20, layers=2, heads=4, width=16, layerNormEpsilon=1e-5)
EMBEDDINGS, POSITIONS, HEAD = "transformer.wte.weight", "transformer.wpe.weight", "lm_head.weight"


def parameter_shapes(config):
    width, vocabulary = config["width"], config["vocabularySize"]
    shapes = {EMBEDDINGS: (vocabulary, width), POSITIONS: (config["contextLength"], width)}
    for layer in range(config["layers"]):
        for name, shape in {
            "ln_1.weight": (width,),
            "ln_1.bias": (width,),
            "attn.c_attn.weight": (width, 3 * width),
            "attn.c_attn.bias": (3 * width,),
            "attn.c_proj.weight": (width, width),
            "attn.c_proj.bias": (width,),
            "ln_2.weight": (width,),
            "ln_2.bias": (width,),
            "mlp.c_fc.weight": (width, 4 * width),
            "mlp.c_fc.bias": (4 * width,),
            "mlp.c_proj.weight": (4 * width, width),
            "mlp.c_proj.bias": (width,),
        }.items():
            shapes[f"transformer.h.{layer}.{name}"] = shape
    shapes["transformer.ln_f.weight"] = shapes["transformer.ln_f.bias"] = (width,)
    if not config["tiedEmbeddings"]:
        shapes[HEAD] = (vocabulary, width)
    return shapes


def initial_parameters(config):
    """Away from symmetric points, so that every gradient is of usual size."""
    start = {}
    for name, shape in parameter_shapes(config).items():
        draw = torch.randn(*shape)
        if ".ln_" in name:
            draw = 0.1 * draw + (1 if name.endswith("weight") else 0)
        elif len(shape) == 1:
            draw = 0.1 * draw
        elif name in (EMBEDDINGS, POSITIONS, HEAD):
            draw = 0.3 * draw
        else:
            draw = draw / math.sqrt(shape[0])
        start[name] = draw
    return start


def logits(config, parameters, tokens):
    p = lambda name: parameters["transformer." + name]
    batch, length = tokens.shape
    width, heads = config["width"], config["heads"]
    later = torch.ones(length, length, dtype=torch.bool).triu(1)
    norm = lambda x, name: F.layer_norm(
        x, (width,), p(f"{name}.weight"), p(f"{name}.bias"), config["layerNormEpsilon"]
    )
    conv1d = lambda x, name: x @ p(f"{name}.weight") + p(f"{name}.bias")
    by_head = lambda x: x.view(batch, length, heads, width // heads).transpose(1, 2)
    x = p("wte.weight")[tokens] + p("wpe.weight")[:length]
    for layer in range(config["layers"]):
        block = f"h.{layer}"
        q, k, v = map(by_head, conv1d(norm(x, f"{block}.ln_1"), f"{block}.attn.c_attn").split(width, 2))
        scores = (q @ k.transpose(2, 3) / math.sqrt(width // heads)).masked_fill(later, -math.inf)
        attended = (scores.softmax(3) @ v).transpose(1, 2).reshape(batch, length, width)
        x = x + conv1d(attended, f"{block}.attn.c_proj")
        wide = F.gelu(conv1d(norm(x, f"{block}.ln_2"), f"{block}.mlp.c_fc"), approximate="tanh")
        x = x + conv1d(wide, f"{block}.mlp.c_proj")
    head = EMBEDDINGS if config["tiedEmbeddings"] else HEAD
    return norm(x, "ln_f") @ parameters[head].T


def example(length_limit):
    """A prompt and, as response, some tokens that count on from its last one, ended by token 0; padded by token 0."""
    vocabulary = SIZES["vocabularySize"]
    prompt = torch.randint(1, vocabulary, (int(torch.randint(1, 8, ())),)).tolist()
    count = int(torch.randint(1, length_limit - len(prompt) + 1, ()))
    response = [(prompt[-1] + i) % (vocabulary - 1) + 1 for i in range(count)] + [0]
    padding = length_limit + 1 - len(prompt) - len(response)
    weights = [0] * (len(prompt) - 1) + [1] * len(response) + [0] * padding
    return prompt + response + [0] * padding, weights


def batch_of(size):
    texts, weights = zip(*(example(SIZES["contextLength"]) for _ in range(size)))
    texts = torch.tensor(texts)
    return dict(tokens=texts[:, :-1], targets=texts[:, 1:], weights=torch.tensor(weights))


def log_probabilities(config, parameters, batch):
    table = logits(config, parameters, batch["tokens"]).log_softmax(2)
    return table.gather(2, batch["targets"][:, :, None])[:, :, 0]


def sequence_loss(config, parameters, batch):
    """Minus the mean over sequences of the responses' log-probabilities."""
    return -(batch["weights"] * log_probabilities(config, parameters, batch)).sum() / len(batch["tokens"])


def adam_steps(config, start, batches, dtype, learning_rate):
    """Yields the loss before each step, and the parameters after it."""
    parameters = {name: value.to(dtype).clone().requires_grad_() for name, value in start.items()}
    optimizer = torch.optim.Adam(parameters.values(), lr=learning_rate)
    for batch in batches:
        optimizer.zero_grad()
        loss = sequence_loss(config, parameters, batch)
        loss.backward()
        gradients = {name: value.grad.clone() for name, value in parameters.items()}
        optimizer.step()
        yield loss.item(), gradients, {name: value.detach().clone() for name, value in parameters.items()}


def encoded(tensor, dtype):
    return base64.b64encode(tensor.detach().to(dtype).contiguous().numpy().tobytes()).decode()


floats = lambda tensor: encoded(tensor, torch.float32)
bytes_of = lambda batch: {name: encoded(value, torch.uint8) for name, value in batch.items()}
named = lambda values: {name: floats(value) for name, value in values.items()}


def case(tied):
    config = dict(SIZES, tiedEmbeddings=tied)
    start = initial_parameters(config)
    batch = batch_of(5)
    steps = list(adam_steps(config, start, [batch] * 3, torch.float64, 1e-2))
    double = {name: value.double() for name, value in start.items()}
    run = [batch_of(8) for _ in range(200)]
    together = {name: torch.stack([each[name] for each in run]) for name in batch}
    return dict(
        config=config,
        parameters=named(start),
        batch=bytes_of(batch),
        loss=steps[0][0],
        logProbabilities=floats(log_probabilities(config, double, batch)),
        gradients=named(steps[0][1]),
        adam=dict(learningRate=1e-2, steps=3, losses=[step[0] for step in steps], parameters=named(steps[-1][2])),
        training=dict(
            learningRate=3e-3,
            steps=200,
            batch=8,
            batches=bytes_of(together),
            losses=[loss for loss, _, _ in adam_steps(config, start, run, torch.float32, 3e-3)],
        ),
    )


result = dict(torch=torch.__version__, untied=case(False), tied=case(True))
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(result, indent=1) + "\n")
for name in ("untied", "tied"):
    losses = result[name]["training"]["losses"]
    print(name, result[name]["loss"], losses[0], losses[100], losses[-1])
print(path.stat().st_size)
