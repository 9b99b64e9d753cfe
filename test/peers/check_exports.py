"""
Opens a folder that we exported with transformers (or peft, when it holds an adapter) and compares its numbers with ours.

NUMBERS is a JSON file with the shape of the goldens: {"sequences": [{"tokens": [...], "logits": [[...]]}]}, where a sequence may hold
`logits` [time][vocabulary], or `targets` with `logprobs`, or both. Exits with 1 when a difference is above the tolerance.

Run: python test/peers/check_exports.py FOLDER NUMBERS [--base FOLDER] [--tolerance 1e-4] [--dtype float32]
"""

import argparse
import json
import sys
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer


def open_folder(folder: Path, base: Path | None, dtype: torch.dtype):
    """An adapter's base is `--base`, or the path in its configuration as seen from the adapter's folder."""
    adapter = folder / "adapter_config.json"
    if not adapter.exists():
        return open_model(folder, dtype)
    base = base or (folder / json.loads(adapter.read_text())["base_model_name_or_path"]).resolve()
    return PeftModel.from_pretrained(open_model(base, dtype), folder, autocast_adapter_dtype=False).to(dtype)


def open_model(folder: Path, dtype: torch.dtype):
    """Refuses a folder whose tensors are not exactly those that the configuration asks for."""
    model, report = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, output_loading_info=True, local_files_only=True)
    for key, names in report.items():
        if names:
            sys.exit(f"{folder}: {key}: {sorted(map(str, names))[:5]}")
    return model


def differences(model, sequence: dict) -> dict[str, float]:
    with torch.no_grad():
        logits = model(input_ids=torch.tensor([sequence["tokens"]]), use_cache=False).logits[0].double()
    found = {}
    if "logits" in sequence:
        found["logits"] = (logits - torch.tensor(sequence["logits"], dtype=torch.float64)).abs().max().item()
    if "logprobs" in sequence:
        at = torch.tensor(sequence["targets"])
        logprobs = torch.log_softmax(logits, -1)[at - 1, torch.tensor(sequence["tokens"])[at]]
        found["logprobs"] = (logprobs - torch.tensor(sequence["logprobs"], dtype=torch.float64)).abs().max().item()
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("numbers", type=Path)
    parser.add_argument("--base", type=Path, help="base model of an adapter")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="largest absolute difference")
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float32")
    arguments = parser.parse_args()

    model = open_folder(arguments.folder, arguments.base, getattr(torch, arguments.dtype)).eval()
    worst: dict[str, float] = {}
    sequences = json.loads(arguments.numbers.read_text())["sequences"]
    for sequence in sequences:
        for kind, difference in differences(model, sequence).items():
            worst[kind] = max(worst.get(kind, 0.0), difference)
    if not worst:
        sys.exit(f"{arguments.numbers}: no sequence holds logits or logprobs")

    tokenizer = None
    if (arguments.folder / "tokenizer.json").exists():
        tokenizer = len(AutoTokenizer.from_pretrained(arguments.folder, local_files_only=True))
    # Written so that a difference that is not a number fails too.
    passed = all(difference <= arguments.tolerance for difference in worst.values())
    print(json.dumps({
        "folder": arguments.folder.name, "sequences": len(sequences), "largestDifference": worst, "tolerance": arguments.tolerance,
        "tokenizerSize": tokenizer, "passed": passed,
    }))  # fmt: skip
    sys.exit(0 if passed else 1)
