"""
Tiny random models saved by transformers, with the logits, logprobs, entropies and gradients that transformers computes for them in float64.

Writes test/golden/models/<case>/. Run: python test/peers/make_model_goldens.py
"""

import json
import shutil
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, LlamaConfig, Qwen2Config, Qwen3Config

from double_precision import float32_means_float64, load_double, logits_of
from golden_io import GOLDEN_FOLDER, made_by, rounded, write_json

MODELS_FOLDER = GOLDEN_FOLDER / "models"
VOCABULARY = 48
LORA_BASE = "qwen2-tied"

SMALL = dict(
    vocab_size=VOCABULARY, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
    max_position_embeddings=128, bos_token_id=1, eos_token_id=2, pad_token_id=0,
)  # fmt: skip
# Fewer, longer heads: more frequencies to get wrong, in fewer bytes.
ROPE = SMALL | dict(num_hidden_layers=1, num_attention_heads=2, num_key_value_heads=1, rms_norm_eps=1e-5)
ONE_LAYER = SMALL | dict(num_hidden_layers=1)


def theta(value: float, **scaling) -> dict:
    return {"rope_parameters": {"rope_theta": value, "rope_type": "default"} | scaling}


# name → (configuration, dtype of the file, largest shard, gradients too)
CASES = {
    "qwen2-tied": (Qwen2Config(**SMALL, **theta(10000.0), tie_word_embeddings=True), torch.float32, None, True),
    "qwen2-untied": (Qwen2Config(**SMALL, **theta(1000000.0), tie_word_embeddings=False), torch.float32, None, True),
    "qwen3": (Qwen3Config(**SMALL, **theta(1000000.0), head_dim=16, tie_word_embeddings=True), torch.float32, None, True),
    "llama-untied": (LlamaConfig(**SMALL, **theta(500000.0), rms_norm_eps=1e-5, tie_word_embeddings=False), torch.float32, None, True),
    "llama-rope-llama3": (
        LlamaConfig(
            **ROPE,
            **theta(10000.0, rope_type="llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16),
            tie_word_embeddings=True,
        ), torch.float32, None, True,
    ),
    "llama-rope-linear": (
        LlamaConfig(**ROPE, **theta(10000.0, rope_type="linear", factor=4.0), tie_word_embeddings=True),
        torch.float32, None, True,
    ),
    "llama-rope-dynamic": (
        LlamaConfig(**ROPE, **theta(10000.0, rope_type="dynamic", factor=2.0), tie_word_embeddings=True),
        torch.float32, None, True,
    ),
    "llama-rope-yarn": (
        LlamaConfig(**ROPE, **theta(10000.0, rope_type="yarn", factor=8.0, original_max_position_embeddings=16), tie_word_embeddings=True),
        torch.float32, None, True,
    ),
    "qwen2-bf16": (Qwen2Config(**ONE_LAYER, **theta(10000.0), tie_word_embeddings=True), torch.bfloat16, None, False),
    "llama-f16": (LlamaConfig(**ONE_LAYER, **theta(10000.0), tie_word_embeddings=False), torch.float16, None, False),
    "qwen3-sharded": (Qwen3Config(**ONE_LAYER, **theta(10000.0), head_dim=16, tie_word_embeddings=False), torch.float32, "16KB", False),
}  # fmt: skip


def random_sequences(generator: torch.Generator) -> list[dict]:
    """One long sequence whose targets have gaps, one short sequence with every target; the weights take both signs."""
    sequences = []
    for length, targets in ((23, [*range(6, 14), *range(16, 23)]), (9, [*range(1, 9)])):
        tokens = torch.randint(3, VOCABULARY, (length,), generator=generator).tolist()
        weights = torch.randn(len(targets), generator=generator, dtype=torch.float64).tolist()
        entropy_weights = (0.2 * torch.randn(len(targets), generator=generator, dtype=torch.float64)).tolist()
        sequences.append(rounded({"tokens": tokens, "targets": targets, "weights": weights, "entropyWeights": entropy_weights}, 6))
    return sequences


def randomize(model, generator: torch.Generator) -> None:
    """Weights large enough that attention and logits are far from uniform; biases and norms away from 0 and 1."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            if name.endswith("bias"):
                parameter.copy_(0.3 * noise)
            elif "norm" in name:
                parameter.copy_(1 + 0.2 * noise)
            elif "embed_tokens" in name:
                parameter.copy_(0.35 * noise)
            else:
                parameter.copy_(noise * 1.2 / parameter.shape[1] ** 0.5)


def save_model(name: str, config, dtype, shard, generator) -> Path:
    folder = MODELS_FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    model = AutoModelForCausalLM.from_config(config)
    randomize(model, generator)
    model.to(dtype).save_pretrained(folder, **({"max_shard_size": shard} if shard else {}))
    (folder / "generation_config.json").unlink(missing_ok=True)
    write_legacy_config(folder)
    return folder


def write_legacy_config(folder: Path) -> None:
    """The same configuration in the words of transformers 4, as most published models still have it; checked to mean the same."""
    config = json.loads((folder / "config.json").read_text())
    rope = config.pop("rope_parameters")
    config["rope_theta"] = rope.pop("rope_theta")
    config["rope_scaling"] = rope if rope["rope_type"] != "default" else None
    config["torch_dtype"] = config.pop("dtype")
    config.pop("layer_types", None)
    if config["model_type"] != "qwen3":
        config.pop("head_dim", None)
    config["transformers_version"] = "4.46.0"
    write_json(folder / "config.legacy.json", config)
    modern = AutoModelForCausalLM.from_pretrained(folder).config
    read_back = type(modern).from_dict(config)
    for key in ("rope_parameters", "hidden_size", "num_key_value_heads", "tie_word_embeddings", "rms_norm_eps"):
        assert getattr(modern, key) == getattr(read_back, key), key
    assert getattr(modern, "head_dim", None) == getattr(read_back, "head_dim", None)


def evaluate(model, sequences: list[dict]) -> tuple[list[dict], dict[str, torch.Tensor]]:
    """Numbers per sequence, and the two losses as scalars with their graphs."""
    answers = []
    losses = {"logprob": torch.zeros((), dtype=torch.float64), "withEntropy": torch.zeros((), dtype=torch.float64)}
    for sequence in sequences:
        logits = logits_of(model, sequence["tokens"])
        distribution = torch.log_softmax(logits, dim=-1)
        at = torch.tensor(sequence["targets"])
        chosen = torch.tensor(sequence["tokens"])[at]
        logprobs = distribution[at - 1, chosen]
        entropies = -(distribution.exp() * distribution).sum(-1)[at - 1]
        weighted = (torch.tensor(sequence["weights"], dtype=torch.float64) * logprobs).sum()
        losses["logprob"] = losses["logprob"] + weighted
        losses["withEntropy"] = losses["withEntropy"] + weighted + (torch.tensor(sequence["entropyWeights"], dtype=torch.float64) * entropies).sum()
        answers.append({
            **sequence,
            "logprobs": rounded(logprobs.tolist()),
            "entropies": rounded(entropies.tolist()),
            "logits": rounded(logits.tolist(), 9),
        })
    return answers, losses


def assert_truly_double(model, sequences: list[dict], losses: dict, generator: torch.Generator) -> None:
    """A central difference along a random direction agrees with the gradient to a degree that one float32 step would destroy."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    direction = [torch.randn(parameter.shape, generator=generator, dtype=torch.float64) for parameter in parameters]
    gradients = torch.autograd.grad(losses["withEntropy"], parameters, retain_graph=True)
    slope = sum((gradient * step).sum() for gradient, step in zip(gradients, direction, strict=True)).item()

    def loss_at(distance: float) -> float:
        with torch.no_grad():
            torch._foreach_add_([parameter.data for parameter in parameters], direction, alpha=distance)
            value = evaluate(model, sequences)[1]["withEntropy"].item()
            torch._foreach_add_([parameter.data for parameter in parameters], direction, alpha=-distance)
            return value

    step = 1e-6
    difference = (loss_at(step) - loss_at(-step)) / (2 * step)
    assert abs(difference - slope) < 1e-6 * max(1, abs(slope)), (difference, slope)


def save_gradients(model, losses: dict[str, torch.Tensor], path: Path, rename=lambda name: name) -> None:
    """Tensors `<loss>/<parameter>` in float32, computed in float64."""
    parameters = {rename(name): parameter for name, parameter in model.named_parameters() if parameter.requires_grad}
    tensors = {}
    for loss, value in losses.items():
        gradients = torch.autograd.grad(value, list(parameters.values()), retain_graph=True)
        tensors |= {f"{loss}/{name}": gradient.to(torch.float32) for name, gradient in zip(parameters, gradients, strict=True)}
    save_file(tensors, path)


def largest_difference(first, sequences: list[dict]) -> float:
    with torch.no_grad():
        return max(
            (logits_of(first, sequence["tokens"]).double() - torch.tensor(sequence["logits"], dtype=torch.float64)).abs().max().item()
            for sequence in sequences
        )


def golden(answers: list[dict], losses: dict, plain_model, **more) -> dict:
    return {
        "precision": "float64 throughout; logits to 9, the rest to 12 significant digits",
        "madeBy": made_by("make_model_goldens.py", "torch", "transformers", "peft", "safetensors"),
        "float32Difference": rounded(largest_difference(plain_model, answers), 3),
        "losses": {name: rounded(value.item()) for name, value in losses.items()},
        **more,
        "sequences": answers,
    }


def make_model_case(name: str, seed: int) -> None:
    config, dtype, shard, with_gradients = CASES[name]
    generator = torch.Generator().manual_seed(seed)
    folder = save_model(name, config, dtype, shard, generator)
    sequences = random_sequences(generator)
    model = load_double(folder)
    with float32_means_float64():
        answers, losses = evaluate(model, sequences)
        assert_truly_double(model, sequences, losses, generator)
    if with_gradients:
        save_gradients(model, losses, folder / "gradients.safetensors")
    plain = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    write_json(folder / "golden.json", golden(answers, losses, plain))


def make_lora_case(name: str, seed: int) -> None:
    """A PEFT adapter on all seven projections of the base case; B is random, so the adapter does something."""
    generator = torch.Generator().manual_seed(seed)
    folder = MODELS_FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    base_folder = MODELS_FOLDER / LORA_BASE
    targets = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
    adapted = get_peft_model(
        AutoModelForCausalLM.from_pretrained(base_folder),
        LoraConfig(r=4, lora_alpha=8, target_modules=targets, lora_dropout=0.0, bias="none", task_type="CAUSAL_LM"),
    )
    with torch.no_grad():
        for parameter_name, parameter in adapted.named_parameters():
            if "lora_" in parameter_name:
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    tidy_adapter_config(folder / "adapter_config.json")

    sequences = random_sequences(generator)
    model = load_adapted(base_folder, folder, trainable=True)
    merged = load_adapted(base_folder, folder, trainable=False).merge_and_unload()
    with float32_means_float64():
        answers, losses = evaluate(model, sequences)
        assert_truly_double(model, sequences, losses, generator)
        merged_difference = largest_difference(merged, answers)
    assert merged_difference < 1e-7, merged_difference
    save_gradients(model, losses, folder / "gradients.safetensors", lambda parameter: parameter.replace(".default.", "."))
    plain = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(base_folder), folder)
    write_json(folder / "golden.json", golden(answers, losses, plain, base=LORA_BASE, mergedDifference=rounded(merged_difference, 3)))


def load_adapted(base_folder: Path, adapter_folder: Path, trainable: bool):
    model = PeftModel.from_pretrained(load_double(base_folder), adapter_folder, is_trainable=trainable, autocast_adapter_dtype=False)
    return model.double().eval()


def tidy_adapter_config(path: Path) -> None:
    """A relative base and sorted targets: the library writes the absolute path and an unordered set."""
    config = json.loads(path.read_text())
    config["base_model_name_or_path"] = f"../{LORA_BASE}"
    config["target_modules"] = sorted(config["target_modules"])
    path.write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for index, case in enumerate(CASES):
        make_model_case(case, seed=1000 + index)
    make_lora_case("qwen2-lora", seed=2000)
