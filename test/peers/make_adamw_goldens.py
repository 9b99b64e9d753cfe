"""
Five steps of torch.optim.AdamW after clip_grad_norm_, matrices with weight decay and vectors without, in float64 and in float32.

Writes test/golden/adamw.json. Run: python test/peers/make_adamw_goldens.py
"""

import torch

from golden_io import GOLDEN_FOLDER, made_by, rounded, write_json

SHAPES = {"embedding": [5, 4], "projection": [3, 4], "norm": [4], "bias": [3]}
STEPS = 5
REQUEST = {"learningRate": 1e-2, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weightDecay": 0.0, "gradientClip": None}
CASES = {
    "plain": {},
    "decayed": {"weightDecay": 0.1},
    "clipped": {"weightDecay": 0.01, "gradientClip": 1.0},
    "other betas": {"learningRate": 3e-3, "beta1": 0.8, "beta2": 0.95, "epsilon": 1e-6, "weightDecay": 0.05, "gradientClip": 2.0},
}


def random_tensors(generator: torch.Generator, scale: float) -> dict[str, list[float]]:
    draw = lambda shape: scale * torch.randn(shape, generator=generator, dtype=torch.float64)  # noqa: E731
    return {name: rounded(draw(shape).flatten().tolist(), 6) for name, shape in SHAPES.items()}


def run(request: dict, initial: dict, gradients: list[dict], dtype: torch.dtype) -> dict:
    shaped = lambda values: {name: torch.tensor(values[name], dtype=dtype).reshape(shape) for name, shape in SHAPES.items()}  # noqa: E731
    parameters = {name: torch.nn.Parameter(value) for name, value in shaped(initial).items()}
    matrices = [parameter for parameter in parameters.values() if parameter.dim() > 1]
    vectors = [parameter for parameter in parameters.values() if parameter.dim() == 1]
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": request["weightDecay"]}, {"params": vectors, "weight_decay": 0.0}],
        lr=request["learningRate"], betas=(request["beta1"], request["beta2"]), eps=request["epsilon"],
    )  # fmt: skip
    steps = []
    for gradient in gradients:
        for name, value in shaped(gradient).items():
            parameters[name].grad = value
        limit = float("inf") if request["gradientClip"] is None else request["gradientClip"]
        norm = torch.nn.utils.clip_grad_norm_(parameters.values(), limit)
        optimizer.step()
        steps.append({"gradientNorm": norm.item(), "parameters": {name: value.detach().flatten().tolist() for name, value in parameters.items()}})
    moments = {
        moment: {name: optimizer.state[value][key].flatten().tolist() for name, value in parameters.items()}
        for moment, key in (("firstMoment", "exp_avg"), ("secondMoment", "exp_avg_sq"))
    }
    return {"steps": steps, **moments}


if __name__ == "__main__":
    generator = torch.Generator().manual_seed(7)
    initial = random_tensors(generator, 1.0)
    # Norms on both sides of the limits, one tiny gradient and one that dominates.
    gradients = [random_tensors(generator, scale) for scale in (1.0, 0.05, 3.0, 1e-5, 0.3)]
    cases = []
    for name, changes in CASES.items():
        request = REQUEST | changes
        expected = {kind: run(request, initial, gradients, dtype) for kind, dtype in (("float64", torch.float64), ("float32", torch.float32))}
        cases.append({"name": name, "request": request, "expected": expected})
    document = {"madeBy": made_by("make_adamw_goldens.py", "torch"), "shapes": SHAPES, "initial": initial, "gradients": gradients, "cases": cases}
    write_json(GOLDEN_FOLDER / "adamw.json", rounded(document, 12))
