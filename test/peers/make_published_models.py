"""
Model folders with the structure of published models, scaled down: configuration in the words they were published with, bfloat16 shards with
an index, a byte-level tokenizer with the families' pre-tokenizers and special tokens, chat template and generation settings. Random weights,
made and saved by transformers and tokenizers; beside them what transformers computes with them in float64, before and after one AdamW step,
and a PEFT adapter.

Writes test/golden/published/. Run: python test/peers/make_published_models.py
"""

import json
import shutil
import tempfile
from pathlib import Path

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedTokenizerFast

from double_precision import float32_means_float64, load_double, logits_of
from golden_io import GOLDEN_FOLDER, made_by, rounded, write_json

FOLDER = GOLDEN_FOLDER / "published"
# The tokenizer has fewer tokens: published embeddings are padded as well.
VOCABULARY = 320
MERGES_TO = 290
STEP = {"learningRate": 2e-3, "beta1": 0.9, "beta2": 0.95, "epsilon": 1e-8, "weightDecay": 0.01}

CORPUS = [
    "Natalia sold clips to 48 of her friends in April, and then she sold half as many clips in May.",
    "Let x be the number of clips. Then x = 48 + 24 = 72, so the answer is \\boxed{72}.",
    "Please reason step by step, and put your final answer within \\boxed{}. <think> </think>",
    "The solution is wrong: in step 2, 12 \\times 7 is 84 and not 74. Compute it again.",
]

QWEN_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
LLAMA_PATTERN = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

CHATML = (
    "{%- if messages[0]['role'] == 'system' %}{{- '<|im_start|>system\\n' + messages[0]['content'] + '<|im_end|>\\n' }}"
    "{%- else %}{{- '<|im_start|>system\\nYou are a helpful assistant.<|im_end|>\\n' }}{%- endif %}"
    "{%- for message in messages %}{%- if (message.role == 'user') or (message.role == 'system' and not loop.first) or (message.role == 'assistant') %}"
    "{{- '<|im_start|>' + message.role + '\\n' + message.content + '<|im_end|>' + '\\n' }}{%- endif %}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}{%- endif %}"
)
THINKING = (
    "{%- set ns = namespace(last=messages|length - 1) %}"
    "{%- for message in messages %}{%- set content = message.content if message.content is string else '' %}"
    "{%- if message.role == 'assistant' and loop.index0 < ns.last and '</think>' in content %}"
    "{%- set content = content.split('</think>')[-1].lstrip('\\n') %}{%- endif %}"
    "{{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>\\n' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|im_start|>assistant\\n' }}"
    "{%- if enable_thinking is defined and enable_thinking is false %}{{- '<think>\\n\\n</think>\\n\\n' }}{%- endif %}{%- endif %}"
)
HEADERS = (
    "{{- bos_token }}{%- for message in messages %}"
    "{{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n' + message['content'] | trim + '<|eot_id|>' }}{%- endfor %}"
    "{%- if add_generation_prompt %}{{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{%- endif %}"
)

QWEN_SPECIAL = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
# Not special: they are text that the model writes.
QWEN_MARKS = {"qwen3-8b": ["<think>", "</think>"]}
LLAMA_SPECIAL = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eom_id|>", "<|eot_id|>"]

QWEN2 = {
    "architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "hidden_act": "silu", "initializer_range": 0.02, "model_type": "qwen2",
    "num_hidden_layers": 2, "rms_norm_eps": 1e-06, "rope_theta": 1000000.0, "torch_dtype": "bfloat16", "transformers_version": "4.40.1",
    "use_cache": True, "use_sliding_window": False, "vocab_size": VOCABULARY,
}  # fmt: skip
LLAMA = {
    "architectures": ["LlamaForCausalLM"], "attention_bias": False, "attention_dropout": 0.0, "hidden_act": "silu", "initializer_range": 0.02,
    "max_position_embeddings": 131072, "mlp_bias": False, "model_type": "llama", "num_hidden_layers": 2, "pretraining_tp": 1, "rms_norm_eps": 1e-05,
    "rope_theta": 500000.0, "torch_dtype": "bfloat16", "transformers_version": "4.45.0.dev0", "use_cache": True, "vocab_size": VOCABULARY,
}  # fmt: skip


def llama3_scaling(factor: float) -> dict:
    return {"factor": factor, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 8192, "rope_type": "llama3"}


# Ratios of heads, key-value heads and head size as published; widths a hundredth. The shard limit makes three files or more.
CASES = {
    "qwen2.5-0.5b": QWEN2 | {
        "hidden_size": 56, "intermediate_size": 96, "max_position_embeddings": 32768, "max_window_layers": 21, "num_attention_heads": 7,
        "num_key_value_heads": 1, "sliding_window": 32768, "tie_word_embeddings": True,
    },
    "qwen2.5-7b": QWEN2 | {
        "hidden_size": 56, "intermediate_size": 96, "max_position_embeddings": 131072, "max_window_layers": 28, "num_attention_heads": 7,
        "num_key_value_heads": 1, "sliding_window": 131072, "tie_word_embeddings": False, "use_mrope": False,
    },
    "qwen3-8b": QWEN2 | {
        "architectures": ["Qwen3ForCausalLM"], "attention_bias": False, "head_dim": 16, "hidden_size": 48, "intermediate_size": 96,
        "max_position_embeddings": 40960, "max_window_layers": 36, "model_type": "qwen3", "num_attention_heads": 4, "num_key_value_heads": 1,
        "rope_scaling": None, "sliding_window": None, "tie_word_embeddings": False, "transformers_version": "4.51.0",
    },
    "llama-3.1-8b": LLAMA | {
        "hidden_size": 48, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 1, "rope_scaling": llama3_scaling(8.0),
        "tie_word_embeddings": False,
    },
    "llama-3.2-1b": LLAMA | {
        "head_dim": 16, "hidden_size": 48, "intermediate_size": 96, "num_attention_heads": 4, "num_key_value_heads": 1,
        "rope_scaling": llama3_scaling(32.0), "tie_word_embeddings": True,
    },
}  # fmt: skip
ADAPTER_BASE = "qwen2.5-0.5b"

CONVERSATIONS = [
    [{"role": "user", "content": "Natalia sold 48 clips in April and half as many in May. How many?"}],
    [
        {"role": "system", "content": "Please reason step by step."},
        {"role": "user", "content": "What is 12 \\times 7?"},
        {"role": "assistant", "content": "<think>\n12 x 7\n</think>\n\nIt is 74."},
        {"role": "user", "content": "  In step 2, 12 × 7 is 84 — ты ошибся 🙂.\n"},
    ],
]
COMPLETION = "Let x = 48 + 24. The answer is \\boxed{72}."


def make_tokenizer(name: str) -> PreTrainedTokenizerFast:
    is_qwen = name.startswith("qwen")
    tokenizer = Tokenizer(models.BPE(ignore_merges=not is_qwen))
    if is_qwen:
        tokenizer.normalizer = normalizers.NFC()
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN_PATTERN if is_qwen else LLAMA_PATTERN), behavior="isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=MERGES_TO, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    tokenizer.train_from_iterator(CORPUS, trainer)
    special = QWEN_SPECIAL if is_qwen else LLAMA_SPECIAL
    tokenizer.add_special_tokens([AddedToken(text, special=True, normalized=False) for text in special])
    tokenizer.add_tokens([AddedToken(text, normalized=False) for text in QWEN_MARKS.get(name, [])])
    if is_qwen:
        tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
        named = {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"}
    else:
        start = "<|begin_of_text|>"
        template = processors.TemplateProcessing(single=f"{start} $A", special_tokens=[(start, tokenizer.token_to_id(start))])
        tokenizer.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), template])
        named = {"bos_token": start, "eos_token": "<|eot_id|>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, clean_up_tokenization_spaces=False, **named)
    fast.chat_template = HEADERS if not is_qwen else THINKING if name == "qwen3-8b" else CHATML
    return fast


def randomize(model, generator: torch.Generator) -> None:
    """As in make_model_goldens.py: far from uniform everywhere, nothing at its initial value."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            scale = 0.3 if name.endswith("bias") else 0.2 if "norm" in name else 0.35 if "embed_tokens" in name else 1.2 / parameter.shape[1] ** 0.5
            parameter.copy_(scale * noise + (1 if "norm" in name else 0))


def save_folder(name: str, generator: torch.Generator) -> Path:
    folder = FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    tokenizer = make_tokenizer(name)
    ids = {text: tokenizer.convert_tokens_to_ids(text) for text in (QWEN_SPECIAL if name.startswith("qwen") else LLAMA_SPECIAL)}
    if name.startswith("qwen"):
        config = CASES[name] | {"bos_token_id": ids["<|endoftext|>"], "eos_token_id": ids["<|im_end|>"]}
        ends = [ids["<|im_end|>"], ids["<|endoftext|>"]]
    else:
        ends = [ids["<|end_of_text|>"], ids["<|eom_id|>"], ids["<|eot_id|>"]]
        config = CASES[name] | {"bos_token_id": ids["<|begin_of_text|>"], "eos_token_id": ends}
    with tempfile.TemporaryDirectory() as published:
        (Path(published) / "config.json").write_text(json.dumps(config))
        model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(published))
    randomize(model, generator)
    model.to(torch.bfloat16).save_pretrained(folder, max_shard_size="50KB")
    tokenizer.save_pretrained(folder)
    arrange_template(name, folder, tokenizer)
    # As the publishers have it: their words, and nothing that the library adds.
    (folder / "config.json").write_text(json.dumps(dict(sorted(config.items())), indent=2) + "\n")
    generation = {"do_sample": True, "eos_token_id": ends, "pad_token_id": ends[-1], "temperature": 0.6, "top_p": 0.9}
    (folder / "generation_config.json").write_text(json.dumps(generation, indent=2) + "\n")
    return folder


def arrange_template(name: str, folder: Path, tokenizer) -> None:
    """The three places where chat templates are published: a file, a text in tokenizer_config.json, a list of named ones there."""
    if not name.startswith("qwen"):
        return
    config_file = folder / "tokenizer_config.json"
    config = json.loads(config_file.read_text())
    (folder / "chat_template.jinja").unlink()
    template = tokenizer.chat_template
    config["chat_template"] = (
        [{"name": "tool_use", "template": "{{ raise_exception('no tools') }}"}, {"name": "default", "template": template}]
        if name == "qwen3-8b"
        else template
    )
    config["added_tokens_decoder"] = {
        str(index): {
            "content": token.content, "lstrip": False, "normalized": False, "rstrip": False, "single_word": False, "special": token.special,
        }
        for index, token in tokenizer.added_tokens_decoder.items()
    }  # fmt: skip
    config_file.write_text(json.dumps(config, indent=2) + "\n")


def statistics(model, tokens: list[int], targets: list[int]) -> dict:
    distribution = torch.log_softmax(logits_of(model, tokens), dim=-1)
    at = torch.tensor(targets)
    logprobs = distribution[at - 1, torch.tensor(tokens)[at]]
    entropies = -(distribution.exp() * distribution).sum(-1)[at - 1]
    return {"logprobs": logprobs, "entropies": entropies}


def numbers(values: dict) -> dict:
    return {key: rounded(value.tolist(), 9) for key, value in values.items()}


def train_step(model, sequences: list[dict]) -> None:
    """One AdamW step on the sum of weight · logprob; matrices decay, vectors do not."""
    loss = torch.zeros((), dtype=torch.float64)
    for sequence in sequences:
        weights = torch.tensor(sequence["weights"], dtype=torch.float64)
        loss = loss + (weights * statistics(model, sequence["tokens"], sequence["targets"])["logprobs"]).sum()
    matrices = [parameter for parameter in model.parameters() if parameter.dim() > 1]
    vectors = [parameter for parameter in model.parameters() if parameter.dim() == 1]
    groups = [{"params": matrices, "weight_decay": STEP["weightDecay"]}, {"params": vectors, "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=STEP["learningRate"], betas=(STEP["beta1"], STEP["beta2"]), eps=STEP["epsilon"])
    loss.backward()
    optimizer.step()


def make_case(name: str, seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    folder = save_folder(name, generator)
    tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    sequences = []
    for conversation in CONVERSATIONS:
        text = tokenizer.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True)
        prompt = tokenizer.encode(text, add_special_tokens=False)
        completion = tokenizer.encode(COMPLETION, add_special_tokens=False) + [tokenizer.eos_token_id]
        tokens = prompt + completion
        targets = list(range(len(prompt), len(tokens)))
        weights = torch.randn(len(targets), generator=generator, dtype=torch.float64).tolist()
        sequences.append({
            "conversation": conversation, "text": text, "promptLength": len(prompt), "tokens": tokens, "targets": targets,
            "weights": rounded(weights, 6),
        })  # fmt: skip
    model = load_double(folder)
    with float32_means_float64():
        for sequence in sequences:
            tokens, targets = sequence["tokens"], sequence["targets"]
            with torch.no_grad():
                sequence |= numbers(statistics(model, tokens, targets))
        train_step(model, sequences)
        for sequence in sequences:
            with torch.no_grad():
                sequence["after"] = numbers(statistics(model, sequence["tokens"], sequence["targets"]))
    strings = [*CORPUS, *(sequence["text"] for sequence in sequences)]
    write_json(folder / "golden.json", {
        "precision": "float64 throughout, from the stored bfloat16",
        "madeBy": made_by("make_published_models.py", "torch", "transformers", "tokenizers", "peft", "safetensors"),
        "step": STEP,
        "tokenizerSize": len(tokenizer),
        "endTokens": json.loads((folder / "generation_config.json").read_text())["eos_token_id"],
        "encoded": [{"text": text, "tokens": tokenizer.encode(text, add_special_tokens=False)} for text in strings],
        "sequences": sequences,
    })  # fmt: skip


def make_adapter(seed: int) -> None:
    """A rank-stabilized adapter with dropout on parts of the projections, whose base is named by a relative path."""
    generator = torch.Generator().manual_seed(seed)
    base, folder = FOLDER / ADAPTER_BASE, FOLDER / f"{ADAPTER_BASE}-lora"
    shutil.rmtree(folder, ignore_errors=True)
    config = LoraConfig(
        r=4, lora_alpha=8, target_modules=["self_attn.q_proj", "self_attn.v_proj", "mlp.up_proj", "mlp.down_proj"], lora_dropout=0.05,
        use_rslora=True, bias="none", task_type="CAUSAL_LM",
    )  # fmt: skip
    adapted = get_peft_model(AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32), config)
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.copy_(0.2 * torch.randn(parameter.shape, generator=generator))
    adapted.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    written = json.loads((folder / "adapter_config.json").read_text())
    written |= {"base_model_name_or_path": f"../{ADAPTER_BASE}", "target_modules": sorted(written["target_modules"])}
    (folder / "adapter_config.json").write_text(json.dumps(written, indent=2, sort_keys=True) + "\n")

    model = PeftModel.from_pretrained(load_double(base), folder, autocast_adapter_dtype=False).double().eval()
    merged = PeftModel.from_pretrained(load_double(base), folder, autocast_adapter_dtype=False).double().merge_and_unload()
    sequences = []
    with float32_means_float64(), torch.no_grad():
        for sequence in json.loads((base / "golden.json").read_text())["sequences"]:
            tokens, targets = sequence["tokens"], sequence["targets"]
            adapter_numbers = statistics(model, tokens, targets)
            assert torch.allclose(adapter_numbers["logprobs"], statistics(merged, tokens, targets)["logprobs"], rtol=0, atol=1e-9)
            sequences.append({"tokens": tokens, "targets": targets, **numbers(adapter_numbers)})
    made = made_by("make_published_models.py", "torch", "transformers", "peft", "safetensors")
    write_json(folder / "golden.json", {"madeBy": made, "base": ADAPTER_BASE, "sequences": sequences})


if __name__ == "__main__":
    torch.set_num_threads(1)
    for index, case in enumerate(CASES):
        make_case(case, seed=3000 + index)
    make_adapter(seed=3100)
