"""
Hugging Face models whose whole arithmetic is float64.

The library casts to float32 inside RMSNorm, softmax and RoPE whatever the dtype of the weights. Those casts name `torch.float32`
or `torch.float` when they run, so pointing both names at float64 removes the rounding without touching any formula.
"""

from contextlib import contextmanager
from pathlib import Path

import torch
from transformers import AutoModelForCausalLM


@contextmanager
def float32_means_float64():
    float32 = torch.float32
    torch.float = torch.float32 = torch.float64
    try:
        yield
    finally:
        torch.float = torch.float32 = float32


def load_double(folder: Path):
    """The saved weights widened to float64, eager attention, RoPE frequencies recomputed in float64. Run it under `float32_means_float64`."""
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64, attn_implementation="eager")
    with float32_means_float64():
        model.model.rotary_emb = type(model.model.rotary_emb)(model.config)
    return model.eval()


def logits_of(model, tokens: list[int]) -> torch.Tensor:
    """[time, vocabulary] of one unpadded sequence."""
    return model(input_ids=torch.tensor([tokens]), use_cache=False).logits[0]
