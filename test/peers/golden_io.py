"""How golden numbers are written: rounded JSON with the versions that made them, and tensors whose file metadata is empty."""

import json
import platform
from importlib.metadata import version
from pathlib import Path

GOLDEN_FOLDER = Path(__file__).resolve().parent.parent / "golden"


def made_by(script: str, *packages: str) -> dict:
    return {"script": f"test/peers/{script}", "python": platform.python_version(), **{name: version(name) for name in packages}}


def rounded(value, digits: int = 12):
    """Every float in a nested structure to `digits` significant digits: far below any tolerance, and much shorter files."""
    if isinstance(value, float):
        return float(f"{value:.{digits}g}")
    if isinstance(value, dict):
        return {key: rounded(item, digits) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(item, digits) for item in value]
    return value


def write_json(path: Path, value: dict) -> None:
    """JSON that diffs well: objects and lists of objects are indented, lists of numbers stay on one line."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(layout(value) + "\n", encoding="utf-8")


def layout(value, indent: str = "") -> str:
    inner = indent + " "
    if isinstance(value, dict) and value:
        rows = [f"{inner}{json.dumps(key)}: {layout(item, inner)}" for key, item in value.items()]
        return "{\n" + ",\n".join(rows) + f"\n{indent}}}"
    if isinstance(value, (list, tuple)) and any(isinstance(item, (dict, list, tuple)) for item in value):
        return "[\n" + ",\n".join(inner + layout(item, inner) for item in value) + f"\n{indent}]"
    return json.dumps(value, separators=(",", ":"), allow_nan=False)
