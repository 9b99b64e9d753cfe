"""
Tokens per second of one forward and backward pass of PyTorch, weights and gradients in float32, no optimizer.

The loss is a weighted sum of token logprobs over every position, as a policy gradient has it. Prints one JSON line.
Run: python test/peers/bench_torch_train.py --shape b --batch 16 --length 128
"""

import argparse
import resource

import bench_shapes
import torch
from torch.nn.functional import cross_entropy

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=bench_shapes.SHAPES, default="b")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=7)
    parser.add_argument("--attention", choices=("sdpa", "eager"), default="sdpa")
    parser.add_argument("--compile", action="store_true", help="torch.compile (needs a C++ compiler)")
    parser.add_argument("--checkpoint", action="store_true", help="recompute the layers in the backward pass")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    base_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    model = bench_shapes.random_model(arguments.shape, arguments.attention)
    model.train()
    if arguments.checkpoint:
        model.gradient_checkpointing_enable()
    forward = torch.compile(model) if arguments.compile else model
    tokens = torch.randint(0, 512, (arguments.batch, arguments.length + 1))
    weights = torch.randn(arguments.batch * arguments.length)

    def step() -> None:
        model.zero_grad(set_to_none=True)
        logits = forward(input_ids=tokens[:, :-1], use_cache=False).logits
        losses = cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
        (weights * losses).sum().backward()

    timing = bench_shapes.timed(step, arguments.repeats, warmups=2)
    bench_shapes.report(
        "torch forward and backward", model, arguments.batch * arguments.length, timing,
        **{key: getattr(arguments, key) for key in ("shape", "batch", "length", "attention", "compile", "checkpoint")},
        importedResidentMb=round(base_mb),
    )  # fmt: skip
