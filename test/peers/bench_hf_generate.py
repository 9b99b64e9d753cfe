"""
Tokens per second of `generate` in transformers: sampling at temperature 1 over the whole vocabulary, every sequence to full length.

Prefill counts in the time and not in the tokens. Prints one JSON line. Run: python test/peers/bench_hf_generate.py --shape a --batch 16
"""

import argparse

import bench_shapes
import torch

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=bench_shapes.SHAPES, default="b")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--prompt", type=int, default=64)
    parser.add_argument("--new", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=3)
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    model = bench_shapes.random_model(arguments.shape, "sdpa").eval()
    prompts = torch.randint(0, 512, (arguments.batch, arguments.prompt))

    def rollouts() -> None:
        with torch.inference_mode():
            answers = model.generate(
                input_ids=prompts, attention_mask=torch.ones_like(prompts), do_sample=True, temperature=1.0, top_k=0, top_p=1.0,
                max_new_tokens=arguments.new, min_new_tokens=arguments.new, pad_token_id=0,
            )  # fmt: skip
        assert answers.shape == (arguments.batch, arguments.prompt + arguments.new)

    timing = bench_shapes.timed(rollouts, arguments.repeats, warmups=1)
    more = {key: getattr(arguments, key) for key in ("shape", "batch", "prompt", "new")}
    bench_shapes.report("transformers generate", model, arguments.batch * arguments.new, timing, **more)
