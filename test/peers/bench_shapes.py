"""The models and the conditions that both peer benchmarks share, so that our own can use the same."""

import json
import os
import resource
import statistics
import time
from importlib.metadata import version

# Hand-tuned kernel choices of another BLAS would not be fair to a peer; they must be gone before torch is imported.
for name in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(name, None)

import torch  # noqa: E402
from transformers import Qwen2Config, Qwen2ForCausalLM  # noqa: E402

SHAPES = {
    "a": dict(hidden_size=128, num_hidden_layers=4, num_attention_heads=4, num_key_value_heads=2, intermediate_size=448, vocab_size=512),
    "b": dict(hidden_size=320, num_hidden_layers=8, num_attention_heads=5, num_key_value_heads=1, intermediate_size=960, vocab_size=512),
}


def random_model(shape: str, attention: str) -> Qwen2ForCausalLM:
    """Qwen2 with tied embeddings: 0.95M parameters (a) or 9.5M parameters (b), float32."""
    torch.manual_seed(0)
    no_special_tokens = dict(bos_token_id=None, eos_token_id=None, pad_token_id=None)
    config = Qwen2Config(**SHAPES[shape], max_position_embeddings=2048, tie_word_embeddings=True, **no_special_tokens)
    config._attn_implementation = attention
    return Qwen2ForCausalLM(config).float()


def timed(action, repeats: int, warmups: int) -> dict:
    for _ in range(warmups):
        action()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        seconds.append(time.perf_counter() - start)
    return {"bestSeconds": min(seconds), "medianSeconds": statistics.median(seconds), "repeats": repeats}


def report(name: str, model, tokens: int, timing: dict, **more) -> None:
    print(json.dumps({
        "benchmark": name,
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        **more,
        "threads": torch.get_num_threads(),
        **{key: round(value, 4) for key, value in timing.items()},
        "bestTokensPerSecond": round(tokens / timing["bestSeconds"], 1),
        "medianTokensPerSecond": round(tokens / timing["medianSeconds"], 1),
        "peakResidentMb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "torch": version("torch"),
        "transformers": version("transformers"),
        "loadAverage": round(os.getloadavg()[0], 2),
    }))  # fmt: skip
