"""Reads what `critique-grpo export-metrics` and `export-data` wrote with the tools it was written for.

    python test/peers/read_exports.py --tensorboard DIR --mlflow DIR --csv FILE --preferences FILE --sft FILE --verl FILE

Each argument is optional. Prints one line an export; a wrong one ends the script.
Needs: tensorboard, mlflow-skinny, datasets, pyarrow, trl.
"""

import argparse
import csv
from pathlib import Path


def read_tensorboard(folder: str) -> str:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    runs = []
    for run in sorted(path for path in Path(folder).iterdir() if path.is_dir()):
        events = EventAccumulator(str(run), size_guidance={"scalars": 0, "tensors": 0}).Reload()
        tags = events.Tags()
        losses = events.Scalars("train/loss")
        assert "config" in tags["tensors"], tags
        text = events.Tensors("config")[0].tensor_proto.string_val[0].decode()
        assert '"model"' in text, text
        runs.append(f"{run.name}: {len(tags['scalars'])} scalars, {len(losses)} steps, last loss {losses[-1].value:.4f}")
    return "; ".join(runs)


def read_mlflow(folder: str) -> str:
    import os

    os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")
    import mlflow

    mlflow.set_tracking_uri(Path(folder).resolve().as_uri())
    client = mlflow.MlflowClient()
    found = []
    for experiment in client.search_experiments():
        for run in client.search_runs([experiment.experiment_id]):
            history = client.get_metric_history(run.info.run_id, "train/loss")
            assert run.data.params["model.path"], run.data.params
            found.append(f"{experiment.name}/{run.info.run_name}: {len(run.data.metrics)} metrics, {len(history)} steps, {run.info.status}")
    assert found, "no run"
    return "; ".join(found)


def read_csv(path: str) -> str:
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows and "train/loss" in rows[0], rows[:1]
    return f"{len(rows)} rows, {len(rows[0])} columns"


def read_dataset(path: str):
    from datasets import load_dataset

    return load_dataset("parquet" if path.endswith(".parquet") else "json", data_files=path, split="train")


def read_preferences(path: str) -> str:
    from trl.data_utils import is_conversational

    data = read_dataset(path)
    assert is_conversational(data[0]) and data[0]["chosen"][0]["role"] == "assistant", data[0]
    return f"{len(data)} pairs, {data.column_names}"


def read_sft(path: str) -> str:
    from trl.data_utils import is_conversational

    data = read_dataset(path)
    assert is_conversational(data[0]) and data[0]["completion"][0]["role"] == "assistant", data[0]
    return f"{len(data)} rows, {data.column_names}"


def read_verl(path: str) -> str:
    import pyarrow.parquet as parquet

    rows = parquet.read_table(path).to_pylist() if path.endswith(".parquet") else list(read_dataset(path))
    first = rows[0]
    assert first["prompt"][0]["role"] in ("user", "system") and first["reward_model"]["ground_truth"] != "", first
    return f"{len(rows)} problems, {sorted(first)}"


readers = {
    "tensorboard": read_tensorboard,
    "mlflow": read_mlflow,
    "csv": read_csv,
    "preferences": read_preferences,
    "sft": read_sft,
    "verl": read_verl,
}

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for name in readers:
        parser.add_argument(f"--{name}", metavar="PATH", nargs="*", default=[])
    arguments = vars(parser.parse_args())
    for name, read in readers.items():
        for path in arguments[name]:
            print(f"{name} {Path(path).name}: {read(path)}")
