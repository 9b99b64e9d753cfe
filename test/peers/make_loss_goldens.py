"""
Losses of the algorithms and their gradients on logprobs and entropies, by torch autograd in float64 from definitions written here anew.

Per member x of a group, A = R_x - mean R, optionally / (unbiased std + 1e-6). Per token, with r = exp(logp - behavior):
  surrogate  min(s A, clip(s) A), where s = r on rollouts and p/(p + gamma) on refinements (p = exp(logp)); s = r there when gamma is null;
             a clip applies to refinements only with clipRefinements
  weight     w = sequenceWeight / nGroups / maxTokens                    (constant)
             w = sequenceWeight / nGroups / |y|                         (sequenceMean)
             w = sequenceWeight / sum over all sequences (sequenceWeight |y|)   (tokenMean)
  sequenceWeight  paper: 1/n for rollouts, 1/k for refinements; uniform: 1/(members of the group)
  loss = sum w (-surrogate) + beta sum w (exp(d) - d - 1), d = reference - logp, - entropyCoefficient (sum of entropies) / (tokens)
SFT: loss = sum w (-logp), which is every advantage 1 with the surrogate log p.

Writes test/golden/losses.json. Run: python test/peers/make_loss_goldens.py
"""

import torch

from golden_io import GOLDEN_FOLDER, made_by, rounded, write_json

DEFAULTS = {
    "clipLow": None, "clipHigh": None, "clipRefinements": False, "advantageStd": False, "refinementWeighting": "uniform", "shapingGamma": 0.1,
    "klCoefficient": 0.0, "entropyCoefficient": 0.0, "aggregation": "constant",
}  # fmt: skip
CLIP = {"clipLow": 0.2, "clipHigh": 0.2}
PER_TOKEN = ("logprobs", "behaviorLogprobs", "referenceLogprobs", "entropies")
DIFFERENTIATED = ("logprobs", "entropies")


def vector(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def advantages_of(rewards: list[float], divide_by_std: bool) -> list[float]:
    values = vector(rewards)
    centered = values - values.mean()
    return (centered / (values.std(unbiased=True) + 1e-6) if divide_by_std else centered).tolist()


def sequence_weight(member: dict, group: dict, switches: dict) -> float:
    if switches["refinementWeighting"] == "uniform":
        return 1 / len(group["members"])
    same_kind = [other for other in group["members"] if (other["origin"] == "refinement") == (member["origin"] == "refinement")]
    return 1 / len(same_kind)


def clipped(ratio: torch.Tensor, switches: dict) -> torch.Tensor:
    low = None if switches["clipLow"] is None else 1 - switches["clipLow"]
    high = None if switches["clipHigh"] is None else 1 + switches["clipHigh"]
    return ratio if low is None and high is None else torch.clamp(ratio, low, high)


def surrogate(member: dict, advantage: float, switches: dict, algorithm: str) -> torch.Tensor:
    logprobs = member["logprobs"]
    if algorithm == "sft":
        return advantage * logprobs
    is_refinement = member["origin"] == "refinement"
    if is_refinement and switches["shapingGamma"] is not None:
        probability = logprobs.exp()
        ratio = probability / (probability + switches["shapingGamma"])
    else:
        ratio = (logprobs - member["behaviorLogprobs"]).exp()
    if is_refinement and not switches["clipRefinements"]:
        return ratio * advantage
    return torch.minimum(ratio * advantage, clipped(ratio, switches) * advantage)


def evaluate(case: dict) -> dict:
    switches, groups = case["switches"], case["groups"]
    tensors = [{"members": [member | per_token_tensors(member) for member in group["members"]]} for group in groups]
    members = [(member, sequence_weight(member, group, switches)) for group in tensors for member in group["members"]]
    total_tokens = sum(len(member["logprobs"]) for member, _ in members)
    total_weight = sum(weight * len(member["logprobs"]) for member, weight in members)

    if case["algorithm"] == "sft":
        advantages = [[1.0] * len(group["members"]) for group in groups]
    else:
        advantages = [advantages_of([member["reward"] for member in group["members"]], switches["advantageStd"]) for group in groups]

    loss = vector(0.0)
    surrogates, token_weights = [], []
    for (member, weight), advantage in zip(members, [value for group in advantages for value in group], strict=True):
        length = len(member["logprobs"])
        token_weight = {
            "constant": weight / len(groups) / case["maxTokens"],
            "sequenceMean": weight / len(groups) / length,
            "tokenMean": weight / total_weight,
        }[switches["aggregation"]]
        values = surrogate(member, advantage, switches, case["algorithm"])
        difference = member["referenceLogprobs"] - member["logprobs"]
        k3 = difference.exp() - difference - 1
        loss = loss + token_weight * (-values + switches["klCoefficient"] * k3).sum()
        loss = loss - switches["entropyCoefficient"] * member["entropies"].sum() / total_tokens
        surrogates.append((-values).tolist())
        token_weights.append(token_weight)

    flat = [member for member, _ in members]
    sizes = [len(group["members"]) for group in groups]
    gradients = {
        name: [value.tolist() for value in torch.autograd.grad(loss, [member[name] for member in flat], retain_graph=True, materialize_grads=True)]
        for name in DIFFERENTIATED
    }
    return {
        "advantages": advantages,
        "tokenWeights": by_group(token_weights, sizes),
        "tokenLosses": by_group(surrogates, sizes),
        "loss": loss.item(),
        "gradLogprobs": by_group(gradients["logprobs"], sizes),
        "gradEntropies": by_group(gradients["entropies"], sizes),
    }


def per_token_tensors(member: dict) -> dict[str, torch.Tensor]:
    return {name: vector(member[name]).requires_grad_(name in DIFFERENTIATED) for name in PER_TOKEN}


def by_group(values: list, sizes: list[int]) -> list[list]:
    remaining = iter(values)
    return [[next(remaining) for _ in range(size)] for size in sizes]


def member(origin: str, reward: float, logprobs: list[float], behavior: list[float] | None = None, reference=None, entropies=None) -> dict:
    return {
        "origin": origin,
        "reward": reward,
        "logprobs": logprobs,
        "behaviorLogprobs": behavior or logprobs,
        "referenceLogprobs": reference or logprobs,
        "entropies": entropies or [1.0] * len(logprobs),
    }


def random_member(origin: str, reward: float, length: int, generator: torch.Generator) -> dict:
    """Ratios between about 0.5 and 2, so that every branch of the clip is taken; refinement probabilities reach from 1e-4 to 1."""
    draw = lambda scale: scale * torch.randn(length, generator=generator, dtype=torch.float64)  # noqa: E731
    depth = 4.0 if origin == "refinement" else 1.0
    logprobs = -(draw(depth).abs() + 0.02)
    numbers = {
        "logprobs": logprobs,
        "behaviorLogprobs": (logprobs + draw(0.35)).clamp(max=-1e-3),
        "referenceLogprobs": (logprobs + draw(0.5)).clamp(max=-1e-3),
        "entropies": draw(1.0).abs(),
    }
    return {"origin": origin, "reward": reward, **{name: rounded(values.tolist(), 6) for name, values in numbers.items()}}


def random_groups(layout: list[list[tuple[str, float, int]]], seed: int) -> list[dict]:
    generator = torch.Generator().manual_seed(seed)
    return [{"members": [random_member(*entry, generator) for entry in group]} for group in layout]


def case(name: str, algorithm: str, groups: list[dict], max_tokens: int, **switches) -> dict:
    return {"name": name, "algorithm": algorithm, "switches": DEFAULTS | switches, "maxTokens": max_tokens, "groups": groups}


def published_cases() -> list[dict]:
    """Small vectors worked out by hand elsewhere; `checked` below asserts that the two agree."""
    ones = lambda origin, reward: member(origin, float(reward), [-0.5])  # noqa: E731
    rewards = {
        "oneRightRefinement": ([0] * 7, [1]),
        "allWrong": ([0] * 8, []),
        "mixed": ([1, 1, 1, 0, 0, 0, 0], [0]),
        "oneWrongRefinement": ([1] * 7, [0]),
    }
    groups = {
        name: [{"members": [ones("policy", reward) for reward in rollouts] + [ones("refinement", reward) for reward in refinements]}]
        for name, (rollouts, refinements) in rewards.items()
    }
    advantage_cases = [
        case(f"advantages {name} {kind}", "critiqueGrpo", group, 1, advantageStd=kind == "withStd")
        for name, group in groups.items()
        for kind in ("withoutStd", "withStd")
    ]
    four = [{"members": [
        member("policy", 1.0, [-0.2, -1.4], [-0.5, -1.0]),
        member("policy", 0.0, [-0.3], [-0.7]),
        member("policy", 0.0, [-1.3, -0.1, -0.4], [-0.9, -0.1, -0.4]),
        member("refinement", 0.0, [-2.5, -0.05]),
    ]}]  # fmt: skip
    modes = {"noClip": {}, "clipRollouts": CLIP, "clipBoth": CLIP | {"clipRefinements": True}}
    return advantage_cases + [
        case(f"fourSequences {mode} {weighting}", "critiqueGrpo", four, 1, refinementWeighting=weighting, **switches)
        for mode, switches in modes.items()
        for weighting in ("uniform", "paper")
    ]


def random_cases() -> list[dict]:
    policy_only = [
        [("policy", 1.0, 5), ("policy", 0.0, 3), ("policy", 0.0, 7), ("policy", 1.0, 4)],
        [("policy", 0.0, 6), ("policy", 1.0, 2), ("policy", 0.0, 4)],
    ]
    mixed = [
        [("policy", 0.0, 5), ("policy", 0.0, 3), ("policy", 0.0, 6), ("refinement", 1.0, 7)],
        [("policy", 1.0, 4), ("policy", 0.0, 2), ("policy", 0.0, 5), ("refinement", 0.0, 6), ("refinement", 1.0, 3)],
        [("policy", 1.0, 3), ("policy", 0.0, 4)],
        [("policy", 0.0, 3), ("policy", 0.0, 2), ("refinement", 0.0, 4)],
    ]
    demonstrations = [[("dataset", 1.0, 6)], [("dataset", 1.0, 3), ("dataset", 1.0, 4)]]
    a, b, c = random_groups(policy_only, 1), random_groups(mixed, 2), random_groups(demonstrations, 3)
    cases = [
        case("grpo", "grpo", a, 8, **CLIP, advantageStd=True, aggregation="sequenceMean", klCoefficient=0.04),
        case("grpo tokenMean", "grpo", a, 8, **CLIP, advantageStd=True, aggregation="tokenMean"),
        case("grpo asymmetric clip", "grpo", a, 8, clipLow=0.2, clipHigh=0.28, advantageStd=True, aggregation="tokenMean"),
        case("grpo lower clip only", "grpo", a, 8, clipLow=0.2, advantageStd=True, aggregation="tokenMean"),
        case("drGrpo", "drGrpo", a, 8, **CLIP),
        case("drGrpo unclipped", "drGrpo", a, 8),
        case("sft", "sft", c, 8, aggregation="tokenMean"),
        case("sft constant", "sft", c, 8),
    ]
    modes = {"noClip": {}, "clipRollouts": CLIP, "clipBoth": CLIP | {"clipRefinements": True}}
    for mode, switches in modes.items():
        for weighting in ("paper", "uniform"):
            for aggregation in ("constant", "sequenceMean", "tokenMean"):
                name = f"critiqueGrpo {mode} {weighting} {aggregation}"
                cases.append(case(name, "critiqueGrpo", b, 8, **switches, refinementWeighting=weighting, aggregation=aggregation))
    paper = {"refinementWeighting": "paper"}
    return cases + [
        case("critiqueGrpo kl and entropy", "critiqueGrpo", b, 8, **CLIP, **paper, klCoefficient=0.05, entropyCoefficient=0.001),
        case("critiqueGrpo entropy tokenMean", "critiqueGrpo", b, 8, **paper, entropyCoefficient=0.02, aggregation="tokenMean"),
        case("critiqueGrpo kl sequenceMean", "critiqueGrpo", b, 8, **paper, klCoefficient=0.1, aggregation="sequenceMean"),
        case("critiqueGrpo with std", "critiqueGrpo", b, 8, **paper, advantageStd=True),
        case("critiqueGrpo small gamma", "critiqueGrpo", b, 8, **paper, shapingGamma=0.01),
        case("critiqueGrpo without shaping", "critiqueGrpo", b, 8, **paper, shapingGamma=None),
        case("critiqueGrpo without shaping, clipBoth", "critiqueGrpo", b, 8, **CLIP, **paper, clipRefinements=True, shapingGamma=None),
    ]


PUBLISHED_ADVANTAGES = {
    "oneRightRefinement withoutStd": [-0.125] * 7 + [0.875], "oneRightRefinement withStd": [-0.353552] * 7 + [2.474867],
    "allWrong withoutStd": [0.0] * 8, "allWrong withStd": [0.0] * 8,
    "mixed withoutStd": [0.625] * 3 + [-0.375] * 5, "mixed withStd": [1.207612] * 3 + [-0.724567] * 5,
    "oneWrongRefinement withoutStd": [0.125] * 7 + [-0.875], "oneWrongRefinement withStd": [0.353552] * 7 + [-2.474867],
}  # fmt: skip
PUBLISHED_LOSSES = {
    "noClip": (-0.135678, 0.180721, [-1.515134, 0.372956, 0.667580, 0.338920]),
    "clipRollouts": (0.009136, 0.228992, [-1.402740, 0.372956, 0.700000, 0.338920]),
    "clipBoth": (0.096434, 0.316290, [-1.402740, 0.372956, 0.700000, 0.426218]),
}


def checked(entry: dict) -> None:
    words, expected = entry["name"].split(" ", 1), entry["expected"]
    if words[0] == "advantages":
        assert close(expected["advantages"][0], PUBLISHED_ADVANTAGES[words[1]]), entry["name"]
    if words[0] == "fourSequences":
        mode, weighting = words[1].split(" ")
        total, paper, sums = PUBLISHED_LOSSES[mode]
        assert close([sum(tokens) for tokens in expected["tokenLosses"][0]], sums), entry["name"]
        assert close([expected["loss"]], [paper if weighting == "paper" else total / 4]), entry["name"]


def close(first: list[float], second: list[float]) -> bool:
    return torch.allclose(vector(first), vector(second), rtol=0, atol=1.5e-6)


def logit_gradient() -> dict:
    """One refinement token through the softmax: the gradient of -A p/(p + gamma) on the logits."""
    logits, target, advantage, gamma = vector([1.0, 0.2, -0.7, 2.0]).requires_grad_(), 2, 0.875, 0.1
    probability = torch.softmax(logits, 0)[target]
    (-advantage * probability / (probability + gamma)).backward()
    assert close(logits.grad.tolist(), [0.04189228, 0.01882342, -0.17459072, 0.11387503])
    return {
        "logits": logits.tolist(), "target": target, "advantage": advantage, "shapingGamma": gamma,
        "expected": {"probability": probability.item(), "gradLogits": logits.grad.tolist()},
    }  # fmt: skip


if __name__ == "__main__":
    cases = [entry | {"expected": evaluate(entry)} for entry in published_cases() + random_cases()]
    for entry in cases:
        checked(entry)
    document = {
        "precision": "float64, 12 significant digits",
        "madeBy": made_by("make_loss_goldens.py", "torch"),
        "cases": cases,
        "logitGradient": logit_gradient(),
    }
    write_json(GOLDEN_FOLDER / "losses.json", rounded(document))
