"""Writes test/fixtures/parquet/: small Parquet files as pyarrow writes them, in the layouts of published reinforcement learning sets.

The contents are invented word problems; what counts is the schema, the encodings and the compression.
"""

import datetime
import decimal
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

root = Path(__file__).resolve().parent.parent / "fixtures" / "parquet"

MESSAGES = pa.list_(pa.struct([("content", pa.string()), ("role", pa.string())]))


def question(i: int) -> str:
    return f"Ana has {10 + i} beads. She gets 5. How many?"


def worked(i: int) -> str:
    return f"Step 1: {10 + i} + 5 = {15 + i}. Answer: {15 + i}."


def verl_rows(count: int, with_target: bool) -> list[dict]:
    rows = []
    for i in range(count):
        row = {
            "data_source": "easy" if i % 2 == 0 else "hard",
            "prompt": [{"content": question(i), "role": "user"}],
            "ability": "math",
            "reward_model": {"ground_truth": str(15 + i), "style": "rule"},
            "extra_info": {"index": i, "split": "train", "answer": worked(i) * 10},
        }
        if with_target:
            row["prompt"].insert(0, {"content": "Answer step by step.", "role": "system"})
            row["reward_model"]["question"] = question(i)
            row["target"] = [{"content": worked(i), "role": "assistant"}]
        rows.append(row)
    return rows


def verl_schema(with_target: bool) -> pa.Schema:
    reward = [("ground_truth", pa.string()), ("style", pa.string())]
    fields = [
        ("data_source", pa.string()),
        ("prompt", MESSAGES),
        ("ability", pa.string()),
        ("reward_model", pa.struct(reward + ([("question", pa.string())] if with_target else []))),
        ("extra_info", pa.struct([("index", pa.int64()), ("split", pa.string()), ("answer", pa.string())])),
    ]
    return pa.schema(fields + ([("target", MESSAGES)] if with_target else []))


def write(name: str, table: pa.Table, **options) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, **options)
    assert path.stat().st_size < 60_000, path


def write_verl() -> None:
    table = pa.Table.from_pylist(verl_rows(40, False), schema=verl_schema(False))
    for compression in ["none", "snappy", "gzip", "brotli", "zstd", "lz4"]:
        write(f"verl-{compression}.parquet", table, compression=compression, row_group_size=16)
    # Pages of the second version, dictionaries off: other encodings of the same rows.
    write("verl-pages2.parquet", table, data_page_version="2.0", use_dictionary=False, compression="zstd", row_group_size=16)
    # Every page with its CRC-32; uncompressed, so that a flipped byte of a text is still a text.
    few = table.slice(0, 24).select(["prompt", "reward_model"])
    for version in ["1.0", "2.0"]:
        write(f"checksums-{version[0]}.parquet", few, compression="none", row_group_size=16, data_page_version=version, write_page_checksum=True)
    write("luffy.parquet", pa.Table.from_pylist(verl_rows(24, True), schema=verl_schema(True)), compression="snappy")


def write_shards() -> None:
    rows = verl_rows(40, False)
    for shard in range(4):
        table = pa.Table.from_pylist(rows[shard * 10 : shard * 10 + 10], schema=verl_schema(False))
        write(f"shards/train-{shard:05}-of-00004.parquet", table, compression="zstd")
    test = verl_rows(44, False)[40:]
    write("shards/test-00000-of-00001.parquet", pa.Table.from_pylist(test, schema=verl_schema(False)))


def write_types() -> None:
    """One row a case, with a column `json` that says what a reader should give."""
    utc = datetime.timezone.utc
    rows = [
        {
            "small": 7,
            "big": 2**60 + 1,
            "unsigned": 2**64 - 1,
            "half": 0.5,
            "flag": True,
            "text": "naïve “π” \u2028 \U0001f600",
            "bytes": b"\x00\xff",
            "day": datetime.date(2026, 11, 24),
            "moment": datetime.datetime(2026, 11, 24, 12, 30, 0, 250000, tzinfo=utc),
            "price": decimal.Decimal("12.30"),
            "numbers": [1, 2, None],
            "nested": [[1, 2], [], [3]],
            "pairs": [{"a": 1, "b": ["x", None]}, None],
            "map": [("k", 1), ("l", 2)],
        },
        {},
    ]
    schema = pa.schema(
        [
            ("small", pa.int32()),
            ("big", pa.int64()),
            ("unsigned", pa.uint64()),
            ("half", pa.float32()),
            ("flag", pa.bool_()),
            ("text", pa.large_string()),
            ("bytes", pa.binary()),
            ("day", pa.date32()),
            ("moment", pa.timestamp("us", tz="UTC")),
            ("price", pa.decimal128(9, 2)),
            ("numbers", pa.list_(pa.int64())),
            ("nested", pa.list_(pa.list_(pa.int64()))),
            ("pairs", pa.list_(pa.struct([("a", pa.int64()), ("b", pa.list_(pa.string()))]))),
            ("map", pa.map_(pa.string(), pa.int64())),
        ]
    )
    write("types.parquet", pa.Table.from_pylist(rows, schema=schema), compression="snappy")


def write_broken() -> None:
    """10,000 problems, one of them without an answer and one whose text is no UTF-8."""
    answers = [str(i) for i in range(10_000)]
    answers[6_765] = None
    prompts = [f"What is {i}?".encode() for i in range(10_000)]
    table = pa.table({"question": pa.array(prompts, pa.binary()).cast(pa.string()), "final_answer": pa.array(answers, pa.string())})
    write("one-in-10000.parquet", table, compression="zstd", row_group_size=4_000, write_statistics=False)
    invalid = pa.array([b"What is 1?", b"\xff\xfe", b"What is 3?"], pa.binary())
    text = pa.StringArray.from_buffers(3, invalid.buffers()[1], invalid.buffers()[2])
    write("not-utf8.parquet", pa.table({"question": text, "answer": ["1", "2", "3"]}), write_statistics=False, use_dictionary=False)


def write_math() -> None:
    """The columns of OpenR1-Math-220k that matter here, MMLU's choices and integers, and ARC's labelled choices."""
    rows = [
        {
            "problem": f"Compute {i} + {i}.",
            "solution": f"Doubling {i} gives \\boxed{{{2 * i}}}.",
            "answer": str(2 * i),
            "problem_type": "Algebra",
            "source": "olympiads",
            "uuid": f"00000000-0000-0000-0000-{i:012}",
            "generations": [f"<think>{i}</think> " * 20, "other"],
        }
        for i in range(12)
    ]
    write("openr1.parquet", pa.Table.from_pylist(rows), compression="snappy")
    choices = [{"question": f"What is {i} + 1?", "subject": "arithmetic", "choices": [str(i + j) for j in range(4)], "answer": 1} for i in range(8)]
    write("mmlu.parquet", pa.Table.from_pylist(choices), compression="zstd")
    arc = [
        {"id": f"q{i}", "question": f"What is {i} + 1?", "choices": {"text": [str(i + j) for j in range(4)], "label": ["1", "2", "3", "4"]}, "answerKey": "2"}
        for i in range(8)
    ]
    write("arc.parquet", pa.Table.from_pylist(arc), compression="gzip")


def main() -> None:
    write_verl()
    write_shards()
    write_types()
    write_broken()
    write_math()
    print(json.dumps({str(path.relative_to(root)): path.stat().st_size for path in sorted(root.rglob("*.parquet"))}, indent=1))


if __name__ == "__main__":
    main()
