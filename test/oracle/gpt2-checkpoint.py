"""A small GPT-2 checkpoint as old files of others have it, and its log-probabilities, by numpy alone.

python3 gpt2-checkpoint.py writes gpt2-checkpoint/: config.json; model.safetensors by the format's description, without the
prefix `transformer.`, with causal masks, matrices of several types, names out of order; types.safetensors, one tensor a
type; expected.json: tokens, log-probabilities of each next token computed in float64, and the numbers of types.safetensors.
"""

import json
import pathlib
import struct

import numpy as np

folder = pathlib.Path(__file__).parent / "gpt2-checkpoint"
vocabulary, context, width, heads, layers, epsilon = 11, 8, 8, 2, 2, 1e-5
random = np.random.default_rng(7)


def bfloat16(values):
    """The upper halves of float32, rounded to nearest even, as uint16."""
    bits = np.asarray(values, np.float32).view(np.uint32)
    return ((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16).astype(np.uint16)


def from_bfloat16(halves):
    return (halves.astype(np.uint32) << 16).view(np.float32)


def write(path, tensors, metadata=None):
    """tensors: name -> (type, array whose bytes are stored)"""
    header = {} if metadata is None else {"__metadata__": metadata}
    data = b""
    for name, (kind, array) in tensors.items():
        stored = np.ascontiguousarray(array).tobytes()
        header[name] = {"dtype": kind, "shape": list(array.shape), "data_offsets": [len(data), len(data) + len(stored)]}
        data += stored
    # Keys in another order than the data, and spaces, both of which the format allows.
    text = json.dumps(dict(sorted(header.items(), reverse=True)), indent=1).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def normal(*shape, deviation=0.4):
    return random.normal(0, deviation, shape).astype(np.float32)


tensors, values = {}, {}


def parameter(name, array, kind="F32"):
    stored = {"F32": np.float32, "F16": np.float16, "F64": np.float64}
    if kind == "BF16":
        halves = bfloat16(array)
        tensors[name], values[name] = (kind, halves), from_bfloat16(halves).astype(np.float64)
        return
    array = array.astype(stored[kind])
    tensors[name], values[name] = (kind, array), array.astype(np.float64)


parameter("wte.weight", normal(vocabulary, width))
parameter("wpe.weight", normal(context, width))
for layer in range(layers):
    home = f"h.{layer}"
    tensors[f"{home}.attn.bias"] = ("BOOL", np.tril(np.ones((1, 1, context, context), np.uint8)))
    tensors[f"{home}.attn.masked_bias"] = ("F32", np.array(-1e4, np.float32))
    for norm in ("ln_1", "ln_2"):
        parameter(f"{home}.{norm}.weight", 1 + normal(width))
        parameter(f"{home}.{norm}.bias", normal(width))
    parameter(f"{home}.attn.c_attn.weight", normal(width, 3 * width), "F16")
    parameter(f"{home}.attn.c_attn.bias", normal(3 * width))
    parameter(f"{home}.attn.c_proj.weight", normal(width, width), "BF16")
    parameter(f"{home}.attn.c_proj.bias", normal(width))
    parameter(f"{home}.mlp.c_fc.weight", normal(width, 4 * width))
    parameter(f"{home}.mlp.c_fc.bias", normal(4 * width))
    # Float64 of float32 numbers: what reading as float32 keeps.
    parameter(f"{home}.mlp.c_proj.weight", normal(4 * width, width), "F64")
    parameter(f"{home}.mlp.c_proj.bias", normal(width))
parameter("ln_f.weight", 1 + normal(width))
parameter("ln_f.bias", normal(width))


def norm(x, name):
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) / np.sqrt(variance + epsilon) * values[f"{name}.weight"] + values[f"{name}.bias"]


def linear(x, name):
    return x @ values[f"{name}.weight"] + values[f"{name}.bias"]


def softmax(x):
    e = np.exp(x - x.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def gelu(x):
    return 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))


tokens = [3, 1, 4, 1, 5, 9, 2, 6]
x = values["wte.weight"][tokens] + values["wpe.weight"]
for layer in range(layers):
    home = f"h.{layer}"
    query, key, value = np.split(linear(norm(x, f"{home}.ln_1"), f"{home}.attn.c_attn"), 3, axis=-1)
    mixed = []
    for head in range(heads):
        own = slice(head * width // heads, (head + 1) * width // heads)
        scores = query[:, own] @ key[:, own].T / np.sqrt(width // heads)
        scores[np.triu_indices(context, 1)] = -np.inf
        mixed.append(softmax(scores) @ value[:, own])
    x = x + linear(np.concatenate(mixed, -1), f"{home}.attn.c_proj")
    x = x + linear(gelu(linear(norm(x, f"{home}.ln_2"), f"{home}.mlp.c_fc")), f"{home}.mlp.c_proj")
log_probabilities = np.log(softmax(norm(x, "ln_f") @ values["wte.weight"].T))

numbers = np.array([0, 1, -2.5, 65504, 6e-8, 1 / 3])
kinds = {
    "F64": numbers,
    "F32": numbers.astype(np.float32),
    "F16": numbers.astype(np.float16),
    "BF16": bfloat16(numbers),
    "I64": np.array([0, -1, 2**31 - 1, -(2**31)], np.int64),
    "I32": np.array([0, -1, 2**31 - 1, -(2**31)], np.int32),
    "U8": np.array([1, 2], np.uint8),
}
expected = {kind: np.asarray(array, np.float64).ravel().tolist() for kind, array in kinds.items()}
expected["BF16"] = from_bfloat16(kinds["BF16"]).astype(np.float64).tolist()

folder.mkdir(exist_ok=True)
write(folder / "model.safetensors", tensors, {"format": "pt"})
write(folder / "types.safetensors", {kind: (kind, array.reshape(2, -1)) for kind, array in kinds.items()})
config = {
    "activation_function": "gelu_new",
    "architectures": ["GPT2LMHeadModel"],
    "layer_norm_epsilon": epsilon,
    "model_type": "gpt2",
    "n_ctx": context,
    "n_embd": width,
    "n_head": heads,
    "n_layer": layers,
    "n_positions": context,
    "vocab_size": vocabulary,
}
(folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
result = {"tokens": tokens, "logProbabilities": log_probabilities.tolist(), "types": expected}
(folder / "expected.json").write_text(json.dumps(result) + "\n")
