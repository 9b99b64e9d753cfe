"""
Losses of the baselines and of the later methods, and their gradients, by torch autograd in float64. Each method is written here as its
definition says, with its own sums and means, and shares no weights with the others.

A group's members have an origin (policy: a rollout; refinement; critique: the text of one; dataset: a demonstration), the verifier's reward,
whether it is right, and per-token numbers: logprobs (of what is trained), behaviorLogprobs (of what sampled it), teacherLogprobs (of the
policy that has read the critique; rollouts only, null without critique), entropies.

  raft          mean of -logp over the tokens of right rollouts
  refinementFt  mean of -logp over the tokens of right refinements
  citlFt        mean of -logp over the tokens of right rollouts and right refinements
  critiqueFt    mean of -logp over the tokens of critiques
                (a sequence counts 1/(members of its group), so that groups of different sizes do not weigh by their size)
  grpoThenSft   grpo until step = firstPhase * steps, then refinementFt
  luffy         mean over groups of 1/(n+1) [sum over rollouts of sum_t -r A + sum_t -p/(p+gamma) A_expert] / maxTokens, A = R - mean R over all n+1
  rlWithSft     grpo over the rollouts alone + lambda * mean over groups of the mean over the demonstration of -logp
  dapo          grpo with clip [1-0.2, 1+0.28], mean over all tokens of rollouts, R lowered by the soft overlong punishment
  sdpo          mean over the tokens of rollouts with a critique of -r ((1-lambda) A + lambda (teacher - behavior)); with lambda < 1 over all rollouts,
                those without critique with A alone
  grpo          mean over groups of the mean over rollouts of the mean over tokens of -min(r A, clip(r) A), A = (R - mean R) / (std R + 1e-6)

Overlong punishment of a length L with a buffer of B = share * maxTokens tokens: 0 up to maxTokens - B, then (maxTokens - B - L) / B, at least -1.

Writes test/golden/algorithms.json. Run: python test/peers/make_algorithm_goldens.py
"""

import torch

from golden_io import GOLDEN_FOLDER, made_by, rounded, write_json

PER_TOKEN = ("logprobs", "behaviorLogprobs", "entropies")


def vector(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


def shaped_rewards(members: list[dict], case: dict) -> list[float]:
    """Rewards after the punishment of overlong answers, which demonstrations and critiques are free of."""
    buffer = case["switches"].get("overlongBuffer", 0.0) * case["maxTokens"]
    rewards = []
    for member in members:
        overlong = len(member["logprobs"]) - (case["maxTokens"] - buffer)
        is_sampled = member["origin"] in ("policy", "refinement")
        punishment = min(overlong / buffer, 1.0) if buffer > 0 and is_sampled and overlong > 0 else 0.0
        rewards.append(member["reward"] - punishment)
    return rewards


def advantages_of(rewards: list[float], with_std: bool) -> torch.Tensor:
    values = vector(rewards)
    if bool((values == values[0]).all()):
        return torch.zeros_like(values)
    centered = values - values.mean()
    return centered / (values.std(unbiased=True) + 1e-6) if with_std else centered


def surrogate(ratio: torch.Tensor, advantage, low: float | None = None, high: float | None = None) -> torch.Tensor:
    if low is None and high is None:
        return ratio * advantage
    return torch.minimum(ratio * advantage, torch.clamp(ratio, None if low is None else 1 - low, None if high is None else 1 + high) * advantage)


def ratio(member: dict) -> torch.Tensor:
    return torch.exp(member["logprobs"] - member["behaviorLogprobs"])


def of(members: list[dict], *origins: str) -> list[int]:
    return [i for i, member in enumerate(members) if member["origin"] in origins]


def imitation(groups: list[list[dict]], chosen) -> torch.Tensor:
    """Mean of -logp over the tokens of the chosen members, each counted 1/(members of its group)."""
    total, tokens = vector(0.0), 0.0
    for members in groups:
        for member in members:
            if chosen(member):
                total = total - member["logprobs"].sum() / len(members)
                tokens += len(member["logprobs"]) / len(members)
    return total / tokens if tokens > 0 else total


def raft(groups, case):
    return imitation(groups, lambda member: member["origin"] == "policy" and member["isRight"])


def refinement_ft(groups, case):
    return imitation(groups, lambda member: member["origin"] == "refinement" and member["isRight"])


def citl_ft(groups, case):
    return imitation(groups, lambda member: member["isRight"])


def critique_ft(groups, case):
    return imitation(groups, lambda member: member["origin"] == "critique")


def grpo(groups, case, low=0.2, high=0.2):
    total = vector(0.0)
    for members in groups:
        rollouts = of(members, "policy")
        advantages = advantages_of([shaped_rewards(members, case)[i] for i in rollouts], with_std=True)
        means = [-surrogate(ratio(members[i]), advantage, low, high).mean() for i, advantage in zip(rollouts, advantages, strict=True)]
        total = total + torch.stack(means).mean() / len(groups)
    return total


def grpo_then_sft(groups, case):
    is_first = case["step"] <= round(case["switches"].get("firstPhase", 0.7) * case["steps"])
    return (grpo if is_first else refinement_ft)(groups, case)


def luffy(groups, case):
    gamma = case["switches"].get("shapingGamma", 0.1)
    total = vector(0.0)
    for members in groups:
        advantages = advantages_of(shaped_rewards(members, case), with_std=False)
        for member, advantage in zip(members, advantages, strict=True):
            probability = member["logprobs"].exp()
            # The expert's own probability is taken as 1.
            expert = probability if gamma is None else probability / (probability + gamma)
            value = surrogate(expert if member["origin"] == "dataset" else ratio(member), advantage)
            total = total - value.sum() / len(members) / len(groups) / case["maxTokens"]
    return total


def rl_with_sft(groups, case):
    likelihood = vector(0.0)
    for members in groups:
        means = [-members[i]["logprobs"].mean() for i in of(members, "dataset")]
        likelihood = likelihood + torch.stack(means).mean() / len(groups)
    return grpo(groups, case) + case["switches"].get("demonstrationCoefficient", 0.1) * likelihood


def dapo(groups, case):
    values = []
    for members in groups:
        advantages = advantages_of(shaped_rewards(members, case), with_std=True)
        values += [surrogate(ratio(member), advantage, 0.2, 0.28) for member, advantage in zip(members, advantages, strict=True)]
    return -token_mean(values, groups)


def sdpo(groups, case):
    share = case["switches"].get("distillationWeight", 1.0)
    values, taught_groups = [], []
    for members in groups:
        advantages = advantages_of(shaped_rewards(members, case), with_std=False)
        for member, advantage in zip(members, advantages, strict=True):
            if member["teacherLogprobs"] is None:
                if share < 1:
                    values.append(ratio(member) * advantage)
                    taught_groups.append(len(members))
                continue
            difference = vector(member["teacherLogprobs"]) - member["behaviorLogprobs"]
            values.append(ratio(member) * ((1 - share) * advantage + share * difference))
            taught_groups.append(len(members))
    return -weighted_token_mean(values, taught_groups)


def token_mean(values: list[torch.Tensor], groups: list[list[dict]]) -> torch.Tensor:
    return weighted_token_mean(values, [len(members) for members in groups for _ in members])


def weighted_token_mean(values: list[torch.Tensor], sizes: list[int]) -> torch.Tensor:
    """Mean over tokens, those of a group of size n counted 1/n."""
    return sum(value.sum() / size for value, size in zip(values, sizes, strict=True)) / sum(
        len(value) / size for value, size in zip(values, sizes, strict=True)
    )


METHODS = {
    "raft": raft, "refinementFt": refinement_ft, "citlFt": citl_ft, "critiqueFt": critique_ft, "grpoThenSft": grpo_then_sft,
    "luffy": luffy, "rlWithSft": rl_with_sft, "dapo": dapo, "sdpo": sdpo,
}  # fmt: skip


def evaluate(case: dict) -> dict:
    groups = [
        [member | {name: vector(member[name]).requires_grad_(name == "logprobs") for name in PER_TOKEN} for member in group["members"]]
        for group in case["groups"]
    ]
    loss = METHODS[case["algorithm"]](groups, case)
    logprobs = [member["logprobs"] for members in groups for member in members]
    gradients = iter(torch.autograd.grad(loss, logprobs, materialize_grads=True))
    return {
        "rewards": [shaped_rewards(members, case) for members in groups],
        "loss": loss.item(),
        "gradLogprobs": [[next(gradients).tolist() for _ in members] for members in groups],
    }


def random_member(origin: str, reward: float, length: int, generator: torch.Generator, has_teacher: bool = False) -> dict:
    """Ratios between about 0.5 and 2, so that every branch of a clip is taken; what the policy did not sample has behavior logprobs of 0."""
    draw = lambda scale: scale * torch.randn(length, generator=generator, dtype=torch.float64)  # noqa: E731
    logprobs = -(draw(1.0 if origin == "policy" else 3.0).abs() + 0.02)
    behavior = (logprobs + draw(0.35)).clamp(max=-1e-3) if origin in ("policy", "refinement") else torch.zeros(length, dtype=torch.float64)
    teacher = (behavior + draw(1.5)).clamp(max=-1e-3)
    return {
        "origin": origin,
        "reward": reward,
        "isRight": reward > 0,
        "logprobs": rounded(logprobs.tolist(), 6),
        "behaviorLogprobs": rounded(behavior.tolist(), 6),
        "teacherLogprobs": rounded(teacher.tolist(), 6) if has_teacher else None,
        "entropies": rounded(draw(1.0).abs().tolist(), 6),
    }


def random_groups(layout: list[list[tuple]], seed: int) -> list[dict]:
    generator = torch.Generator().manual_seed(seed)
    return [{"members": [random_member(*entry[:3], generator, *entry[3:]) for entry in group]} for group in layout]


def case(name: str, algorithm: str, groups: list[dict], max_tokens: int = 8, step: int = 1, steps: int = 1, **switches) -> dict:
    return {
        "name": name, "algorithm": algorithm, "switches": switches, "maxTokens": max_tokens, "step": step, "steps": steps, "groups": groups,
    }  # fmt: skip


def cases() -> list[dict]:
    rollouts = random_groups([
        [("policy", 1.0, 5), ("policy", 0.0, 3), ("policy", 0.0, 7), ("policy", 1.0, 4)],
        [("policy", 0.0, 6), ("policy", 1.0, 2), ("policy", 0.0, 4), ("policy", 0.0, 8)],
        [("policy", 1.0, 3), ("policy", 1.0, 2)],
    ], 11)  # fmt: skip
    refined = random_groups([
        [("policy", 0.0, 5), ("policy", 0.0, 3), ("refinement", 1.0, 7), ("refinement", 1.0, 2)],
        [("policy", 1.0, 4), ("policy", 0.0, 2), ("refinement", 0.0, 6), ("refinement", 1.0, 3)],
        [("policy", 1.0, 3), ("policy", 1.0, 4)],
    ], 12)  # fmt: skip
    criticized = random_groups([
        [("policy", 0.0, 5), ("policy", 0.0, 3), ("critique", 1.0, 7), ("critique", 1.0, 2)],
        [("policy", 1.0, 4), ("policy", 0.0, 2), ("critique", 1.0, 6)],
    ], 13)  # fmt: skip
    demonstrated = random_groups([
        [("policy", 0.0, 5), ("policy", 0.0, 3), ("policy", 0.0, 6), ("dataset", 1.0, 7)],
        [("policy", 1.0, 4), ("policy", 0.0, 2), ("policy", 1.0, 8), ("dataset", 1.0, 6)],
        [("policy", 1.0, 2), ("policy", 0.0, 3), ("dataset", 0.0, 4)],
    ], 14)  # fmt: skip
    taught = random_groups([
        [("policy", 0.0, 5, True), ("policy", 0.0, 3, True), ("policy", 0.0, 7, True)],
        [("policy", 1.0, 4), ("policy", 0.0, 2, True), ("policy", 1.0, 6)],
        [("policy", 1.0, 4), ("policy", 1.0, 3)],
    ], 15)  # fmt: skip
    return [
        case("raft", "raft", rollouts),
        case("refinementFt", "refinementFt", refined),
        case("citlFt", "citlFt", refined),
        case("critiqueFt", "critiqueFt", criticized),
        case("grpoThenSft, last step of GRPO", "grpoThenSft", rollouts, step=7, steps=10),
        case("grpoThenSft, first step of SFT", "grpoThenSft", refined, step=8, steps=10),
        case("luffy", "luffy", demonstrated),
        case("luffy without shaping", "luffy", demonstrated, shapingGamma=None),
        case("luffy, strongly shaped", "luffy", demonstrated, shapingGamma=0.01),
        case("rlWithSft", "rlWithSft", demonstrated),
        case("rlWithSft, the same weight", "rlWithSft", demonstrated, demonstrationCoefficient=1.0),
        case("dapo", "dapo", rollouts),
        case("dapo, half of the tokens punished", "dapo", rollouts, overlongBuffer=0.5),
        case("dapo without punishment", "dapo", rollouts, overlongBuffer=0.0),
        case("sdpo", "sdpo", taught),
        case("sdpo, half reward", "sdpo", taught, distillationWeight=0.5),
    ]


if __name__ == "__main__":
    # The punishment of the DAPO defaults is part of the case.
    entries = [entry | {"switches": {"overlongBuffer": 0.2} | entry["switches"]} if entry["algorithm"] == "dapo" else entry for entry in cases()]
    document = {
        "precision": "float64, 12 significant digits",
        "madeBy": made_by("make_algorithm_goldens.py", "torch"),
        "cases": [entry | {"expected": evaluate(entry)} for entry in entries],
    }
    write_json(GOLDEN_FOLDER / "algorithms.json", rounded(document))
