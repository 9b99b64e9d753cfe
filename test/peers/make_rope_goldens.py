"""
RoPE frequencies and attention factors of transformers for every scaling type, from configurations in the words of published models.

Writes test/golden/rope.json. Run: python test/peers/make_rope_goldens.py
"""

import torch
from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding

from double_precision import float32_means_float64
from golden_io import GOLDEN_FOLDER, made_by, rounded, write_json


def config(rope_theta: float, head_dim: int, max_positions: int, rope_scaling: dict | None) -> dict:
    return {
        "model_type": "llama", "hidden_size": 4 * head_dim, "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": head_dim,
        "max_position_embeddings": max_positions, "rope_theta": rope_theta, "rope_scaling": rope_scaling,
    }  # fmt: skip


LLAMA3 = {"rope_type": "llama3", "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192}
YARN = {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}
YARN_4K = {"rope_type": "yarn", "factor": 32.0, "original_max_position_embeddings": 4096}
# name → (configuration, length of the sequence; only `dynamic` depends on it)
CASES = {
    "default": (config(10000.0, 64, 2048, None), None),
    "default, theta 1e6": (config(1000000.0, 128, 32768, None), None),
    "linear": (config(10000.0, 64, 8192, {"rope_type": "linear", "factor": 4.0}), None),
    "linear, key `type`": (config(10000.0, 64, 8192, {"type": "linear", "factor": 2.5}), None),
    "dynamic, short": (config(10000.0, 64, 2048, {"rope_type": "dynamic", "factor": 2.0}), 1024),
    "dynamic, at the limit": (config(10000.0, 64, 2048, {"rope_type": "dynamic", "factor": 2.0}), 2048),
    "dynamic, long": (config(10000.0, 64, 2048, {"rope_type": "dynamic", "factor": 2.0}), 5000),
    "llama3, factor 8": (config(500000.0, 128, 131072, LLAMA3 | {"factor": 8.0}), None),
    "llama3, factor 32": (config(500000.0, 64, 131072, LLAMA3 | {"factor": 32.0}), None),
    "yarn": (config(1000000.0, 128, 131072, YARN), None),
    "yarn, key `type`": (config(1000000.0, 128, 131072, {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768}), None),
    "yarn, attention factor given": (config(1000000.0, 128, 131072, YARN | {"attention_factor": 1.25}), None),
    "yarn, mscale": (config(10000.0, 64, 163840, YARN_4K | {"factor": 40.0, "mscale": 0.707, "mscale_all_dim": 1.0}), None),
    "yarn, betas": (config(150000.0, 64, 131072, YARN_4K | {"beta_fast": 16.0, "beta_slow": 2.0}), None),
    "yarn, not truncated": (config(150000.0, 64, 131072, YARN_4K | {"truncate": False}), None),
}  # fmt: skip


def frequencies(entry: dict, length: int | None) -> tuple[list[float], float]:
    parsed = LlamaConfig.from_dict(dict(entry))
    kind = parsed.rope_parameters["rope_type"]
    compute = LlamaRotaryEmbedding.compute_default_rope_parameters if kind == "default" else ROPE_INIT_FUNCTIONS[kind]
    values, attention_factor = compute(parsed) if length is None else compute(parsed, seq_len=length)
    return values.tolist(), float(attention_factor)


if __name__ == "__main__":
    cases = []
    for name, (entry, length) in CASES.items():
        single, attention_factor = frequencies(entry, length)
        with float32_means_float64():
            double, _ = frequencies(entry, length)
        assert torch.allclose(torch.tensor(single, dtype=torch.float64), torch.tensor(double, dtype=torch.float64), rtol=1e-5), name
        expected = rounded({"inverseFrequencies": double, "attentionFactor": attention_factor})
        expected["inverseFrequenciesFloat32"] = rounded(single, 9)
        cases.append({"name": name, "config": entry, "sequenceLength": length, "expected": expected})
    write_json(GOLDEN_FOLDER / "rope.json", {"madeBy": made_by("make_rope_goldens.py", "torch", "transformers"), "cases": cases})
