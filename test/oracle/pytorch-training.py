"""Oracle of a whole training step: every rule over 20 steps of the GPT-2 of pytorch-gpt2.py, with clipping, warm-up, a
cosine and weight decay at once; and of test-time training. Writes pytorch-training.json beside itself; float64.

    python3 test/oracle/pytorch-training.py

Start and batches are those of pytorch-gpt2.json (untied). torch.optim where it has the rule (its Muon needs PyTorch 2.9), else the
paper's formula; PyTorch computes all gradients. Clipping and schedule are written out. The teacher is the model after the
three Adam steps of that file.
"""

import base64
import json
import math
import sys
from pathlib import Path

folder = Path(__file__).parent
# profile.py in this folder would hide Python's own, which PyTorch imports.
sys.path.pop(0)

import torch
import torch.optim._muon

# The definitions of the other oracle, without the part that writes its file.
definitions = (folder / "pytorch-gpt2.py").read_text().split("result = dict(")[0].replace("sys.path.pop(0)", "")
exec(definitions)

STEPS, WARMUP, FINAL, CLIP = 20, 6, 0.1, 0.7
given = json.loads((folder / "pytorch-gpt2.json").read_text())["untied"]
config = given["config"]
shapes = parameter_shapes(config)
HIDDEN = [name for name, shape in shapes.items() if len(shape) == 2 and name.startswith("transformer.h.")]


def decoded(text, kind, shape):
    return torch.frombuffer(bytearray(base64.b64decode(text)), dtype=kind).reshape(shape)


start = {name: decoded(given["parameters"][name], torch.float32, shape).double() for name, shape in shapes.items()}
teacher = {
    name: decoded(given["adam"]["parameters"][name], torch.float32, shape).double() for name, shape in shapes.items()
}
shares = []
size = given["training"]["batch"]
batches = {
    name: decoded(text, torch.uint8, (-1, size, config["contextLength"])).long()
    for name, text in given["training"]["batches"].items()
}


def factor(step):
    if step < WARMUP:
        return step / WARMUP
    return FINAL + (1 - FINAL) * (1 + math.cos(math.pi * (step - WARMUP) / (STEPS - WARMUP))) / 2


def norm(tensors):
    return math.sqrt(sum(float((tensor**2).sum()) for tensor in tensors))


def optimizer_of(make):
    """A rule of torch.optim: matrices decay, vectors do not."""

    def rule(parameters, options):
        groups = [
            dict(params=[value for value in parameters.values() if value.ndim == 2], weight_decay=options["weightDecay"]),
            dict(params=[value for value in parameters.values() if value.ndim != 2], weight_decay=0.0),
        ]
        optimizers = make(groups, parameters, options)

        def update(rate):
            for optimizer, share in optimizers:
                for group in optimizer.param_groups:
                    group["lr"] = rate * share
                optimizer.step()

        return update

    return rule


def formula(change, radius=None):
    def rule(parameters, options):
        def update(rate):
            with torch.no_grad():
                length = norm(value.grad for value in parameters.values())
                for value in parameters.values():
                    value -= rate * change(value.grad, length, options)
                if "radius" in options:
                    far = norm(parameters.values())
                    for value in parameters.values():
                        value *= min(1, options["radius"] / far)

        return update

    return rule


def orthogonal(matrix, coefficients, steps, eps):
    """torch.optim.Muon's iteration, which it runs in bfloat16, in the matrix's own precision."""
    a, b, c = coefficients
    x = matrix / matrix.norm().clamp(min=eps)
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x


torch.optim._muon._zeropower_via_newtonschulz = orthogonal


def muon(parameters, options):
    hidden = [parameters[name] for name in HIDDEN]
    rest = [value for name, value in parameters.items() if name not in HIDDEN]
    # Keller Jordan's matrices are [out, in], GPT-2's are [in, out]: the transpose steps in place of each.
    turned = [value.detach().t().clone().requires_grad_() for value in hidden]
    decay = options["weightDecay"]
    matrix = torch.optim.Muon(
        turned, lr=0.0, weight_decay=decay, momentum=0.95, nesterov=True, eps=1e-7, ns_steps=5, adjust_lr_fn="original"
    )
    groups = [
        dict(params=[value for value in rest if value.ndim == 2], weight_decay=decay),
        dict(params=[value for value in rest if value.ndim != 2], weight_decay=0.0),
    ]
    other = torch.optim.AdamW(groups, lr=0.0)

    def update(rate):
        for own, value in zip(turned, hidden):
            own.grad = value.grad.t().clone()
        for optimizer, share in ((matrix, 1), (other, options["adamLearningRate"] / options["learningRate"])):
            for group in optimizer.param_groups:
                group["lr"] = rate * share
            optimizer.step()
        with torch.no_grad():
            for own, value in zip(turned, hidden):
                value.copy_(own.t())

    return update


def token_weights(weights):
    """One mask a place h: the h-th response token of every sequence that has one, as a mean over those."""
    places = weights.cumsum(1) * weights
    for place in range(1, int(places.max()) + 1):
        mask = (places == place).double()
        yield mask * (len(weights) / mask.sum()), int(mask.sum())


def dco(config, parameters, batch, N):
    sequence = (batch["weights"] * log_probabilities(config, parameters, batch)).sum(1)
    return -torch.log(-torch.expm1(N * torch.log1p(-torch.exp(sequence)))).mean()


def truncated(config, parameters, batch, N):
    """(24)-(26), one sequence after another."""
    with torch.no_grad():
        of_teacher = logits(config, teacher, batch["tokens"]).log_softmax(2)
        of_student = logits(config, parameters, batch["tokens"]).log_softmax(2)
        steps = (of_teacher.exp() * (of_teacher - of_student)).sum(2).tolist()
    alpha = torch.zeros(batch["weights"].shape, dtype=torch.float64)
    for row, marks in enumerate(batch["weights"].tolist()):
        before = 0.0
        for place in [column for column, mark in enumerate(marks) if mark]:
            a = steps[row][place]
            if before + a <= math.log(N):
                alpha[row, place] = 1
            elif before <= math.log(N):
                alpha[row, place] = (math.log(N) - before) / a
            before += a
    shares.append(float((alpha > 0).sum() / batch["weights"].sum()))
    return -(alpha * log_probabilities(config, parameters, batch)).sum() / len(alpha)


def test_time(tokens, prompt_length, step_size, stepped):
    """(22), (23): the log-probabilities of a response whose every token is stepped on."""
    parameters = {name: value.clone().requires_grad_() for name, value in start.items()}
    found = []
    for place in range(prompt_length, len(tokens)):
        log_probability = logits(config, parameters, tokens[None, :place])[0, -1].log_softmax(0)[tokens[place]]
        found.append(log_probability.item())
        names = list(stepped)
        gradients = torch.autograd.grad(log_probability, [parameters[name] for name in names],)
        with torch.no_grad():
            for name, gradient in zip(names, gradients):
                parameters[name] += step_size * gradient
    return found


def training(rule, options, loss="sequence", N=None, by_token=False):
    parameters = {name: value.clone().requires_grad_() for name, value in start.items()}
    update = rule(parameters, options)
    lines = []
    for step in range(1, STEPS + 1):
        batch = {name: value[step - 1] for name, value in batches.items()}
        parts = list(token_weights(batch["weights"])) if by_token else [(batch["weights"], size)]
        line = dict(loss=0.0, gradientNorm=0.0)
        for weights, sequences in parts:
            for value in parameters.values():
                value.grad = None
            part = dict(batch, weights=weights)
            if loss in ("dco", "truncated"):
                value = (dco if loss == "dco" else truncated)(config, parameters, part, N)
            else:
                value = sequence_loss(config, parameters, part)
            if loss == "token":
                value = value * size / part["weights"].sum()
            value.backward()
            length = norm(each.grad for each in parameters.values())
            with torch.no_grad():
                for each in parameters.values():
                    each.grad *= min(1, CLIP / length)
            update(options["learningRate"] * factor(step))
            line["loss"] += value.item() * sequences / size
            line["gradientNorm"] = max(line["gradientNorm"], length)
        line["parameterNorm"] = norm(value.detach() for value in parameters.values())
        lines.append(line)
    return dict(options=options, loss=loss, **({} if N is None else dict(N=N)), lines=lines)


sgd = optimizer_of(lambda groups, _, options: [(torch.optim.SGD(groups, lr=0.0, momentum=options["momentum"]), 1)])
adam = optimizer_of(lambda groups, _, options: [(torch.optim.Adam(groups, lr=0.0), 1)])
adamw = optimizer_of(lambda groups, _, options: [(torch.optim.AdamW(groups, lr=0.0), 1)])
plain = formula(lambda gradient, length, options: gradient)
cases = {
    "sgd": training(sgd, dict(learningRate=0.2, momentum=0.9, weightDecay=0.1)),
    "normalized-sgd": training(
        formula(lambda gradient, length, options: gradient / (options["lambda"] + length)),
        {"learningRate": 0.2, "lambda": 0.3, "radius": 15},
    ),
    "sign-sgd": training(formula(lambda gradient, length, options: gradient.sign()), dict(learningRate=0.003)),
    "adam": training(adam, dict(learningRate=0.01, weightDecay=0.05), loss="token"),
    "adamw": training(adamw, dict(learningRate=0.01, weightDecay=0.5), loss="dco", N=4),
    "token-sgd": training(plain, dict(learningRate=0.1, radius=15), by_token=True),
    "truncated-distillation": training(plain, dict(learningRate=0.2, radius=15), loss="truncated", N=4),
    "muon": training(muon, dict(learningRate=0.05, adamLearningRate=0.002, weightDecay=0.1)),
}
# Some tokens count, and not all.
assert 0.2 < min(shares) and max(shares) < 0.9, shares


def responses(step_size, stepped):
    """The first batch's."""
    found = []
    for row in range(size):
        marks = batches["weights"][0, row].tolist()
        first, last = marks.index(1), len(marks) - 1 - marks[::-1].index(1)
        tokens = torch.cat([batches["tokens"][0, row, : last + 1], batches["targets"][0, row, last : last + 1]])
        found.append(test_time(tokens, first + 1, step_size, stepped))
    return dict(stepSize=step_size, logProbabilities=found)


stepped = dict(head=responses(0.3, [HEAD]), all=responses(0.05, list(shapes)))
result = dict(testTimeTraining=stepped, torch=torch.__version__, steps=STEPS, warmup=WARMUP, final=FINAL, clip=CLIP, cases=cases)
path = Path(__file__).with_suffix(".json")
path.write_text(json.dumps(result, indent=1) + "\n")
for name, case in cases.items():
    print(name, [case["lines"][i][key] for i in (0, 9, 19) for key in ("loss", "gradientNorm", "parameterNorm")])
