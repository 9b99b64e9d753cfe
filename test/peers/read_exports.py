"""Reads what `critique-grpo export-metrics` and `export-data` wrote with the tools it was written for.

    python test/peers/read_exports.py --tensorboard DIR --wandb DIR --mlflow DIR --csv FILE --preferences FILE --sft FILE --verl FILE

Each argument is optional. Prints one line an export; a wrong one ends the script. TensorBoard folders and tables are imported into Trackio as well;
`wandb sync` uploads to a server on this machine that keeps what it gets, so that nothing leaves it.
Needs: tensorboard, trackio[tensorboard], wandb, mlflow-skinny, datasets, pyarrow, trl.
"""

import argparse
import csv
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
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
    found = in_trackio("import_tf_events", folder)
    assert sorted(found) == [run.split(":")[0] for run in runs], found
    return "; ".join(runs) + f"; in Trackio: {found}"


def in_trackio(function: str, path: str) -> dict[str, int]:
    """Imports into a new project and counts each run's steps with a loss, in a process of its own: Trackio keeps its place at import."""
    script = f"""
import json, sys, trackio
from trackio.sqlite_storage import SQLiteStorage
trackio.{function}(sys.argv[1], project="critique-grpo")
runs = SQLiteStorage.get_runs("critique-grpo")
losses = {{run: sum("train/loss" in row for row in SQLiteStorage.get_logs("critique-grpo", run)) for run in runs}}
print(json.dumps(losses))
"""
    with tempfile.TemporaryDirectory() as place:
        environment = {**os.environ, "TRACKIO_DIR": place, "HF_HUB_OFFLINE": "1"}
        done = subprocess.run([sys.executable, "-c", script, path], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.strip().splitlines()[-1])
    assert found and all(found.values()), found
    return found


class WandbServer(BaseHTTPRequestHandler):
    """As much of a W&B server as `wandb sync` needs: it knows nobody, accepts every run, and keeps rows and settings."""

    runs: dict[str, dict] = {}

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])) or "{}")
        if self.path == "/graphql":
            self.answer(self.graphql(body["query"], body["variables"]))
        else:
            run = self.runs[self.path.split("/")[-2]]
            run["rows"] += [json.loads(line) for line in body.get("files", {}).get("wandb-history.jsonl", {}).get("content", [])]
            run["exit"] = body.get("exitcode", run.get("exit"))
            self.answer({})

    def do_PUT(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.answer({})

    def graphql(self, query: str, variables: dict) -> dict:
        if "UpsertBucket" in query:
            run = self.runs.setdefault(variables["name"], {"rows": [], "title": variables["displayName"], "config": json.loads(variables["config"])})
            project = {"id": "p", "name": variables["project"], "entity": {"id": "e", "name": "nobody"}}
            bucket = {"id": "b", "name": variables["name"], "displayName": run["title"], "config": "{}", "historyLineCount": 0, "project": project}
            return {"data": {"upsertBucket": {"bucket": bucket, "inserted": True}}}
        if "CreateRunFiles" in query:
            files = [{"name": name, "uploadUrl": f"http://{self.headers['host']}/upload/{name}"} for name in variables["files"]]
            return {"data": {"createRunFiles": {"runID": "b", "uploadHeaders": [], "files": files}}}
        return {"data": {}}

    def answer(self, value: dict):
        data = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def read_wandb(folder: str) -> str:
    WandbServer.runs.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), WandbServer)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as place:
        # It leaves marks in what it has uploaded.
        exported = shutil.copytree(folder, Path(place) / "exported")
        own = {f"WANDB_{name}_DIR": place for name in ("CONFIG", "CACHE", "DATA")}
        address = f"http://127.0.0.1:{server.server_port}"
        environment = {**os.environ, **own, "WANDB_DIR": place, "WANDB_BASE_URL": address, "WANDB_API_KEY": "0" * 40, "WANDB_ERROR_REPORTING": "false"}
        command = [str(Path(sys.executable).with_name("wandb")), "sync", str(exported)]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    server.shutdown()
    assert done.returncode == 0, done.stderr
    found = []
    for run in WandbServer.runs.values():
        steps = [row["_step"] for row in run["rows"]]
        assert steps == sorted(set(steps)), steps
        assert run["config"]["model"]["value"]["path"], run["config"]
        losses = [row["train/loss"] for row in run["rows"] if "train/loss" in row]
        found.append(f"{run['title']}: {len(steps)} steps, last loss {losses[-1]:.4f}, exit code {run['exit']}")
    assert len(found) == sum(1 for _ in Path(folder).glob("offline-run-*")), found
    return "; ".join(sorted(found))


def read_mlflow(folder: str) -> str:
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
    return f"{len(rows)} rows, {len(rows[0])} columns; in Trackio: {in_trackio('import_csv', path)}"


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
    "wandb": read_wandb,
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
