"""The gold and prediction pairs of Math-Verify's own tests, with its verdicts, as JSON on stdout.

Usage: python math_verify_cases.py CHECKOUT
CHECKOUT is an unpacked source release of Math-Verify (a folder with `tests/`); `pip install 'math-verify[antlr4_13_2]'` beside it gives the verdicts.
"""

import importlib
import json
import logging
import sys
import types
from pathlib import Path


class Marks:
    """Stands in for pytest.mark: remembers the rows of `parametrize`, ignores the rest."""

    def __getattr__(self, name):
        def mark(*args, **_):
            def decorate(function):
                if name == "parametrize":
                    function.rows = args
                return function

            return decorate

        return mark


def cases_of(checkout: Path):
    sys.path.insert(0, str(checkout))
    sys.modules["pytest"] = types.SimpleNamespace(mark=Marks(), raises=None)
    for path in sorted((checkout / "tests").glob("test_*.py")):
        module = importlib.import_module(f"tests.{path.stem}")
        for name, function in vars(module).items():
            if not hasattr(function, "rows") or function.__module__ != module.__name__:
                continue
            names, rows = function.rows
            names = [part.strip() for part in names.split(",")] if isinstance(names, str) else list(names)
            for row in rows:
                case = dict(zip(names, row))
                if "gold" in case:
                    expected = case.pop("expected", case.pop("result", None))
                    gold, pred = case.pop("gold"), case.pop("pred")
                    yield {"test": f"{path.stem}.{name}", "gold": gold, "pred": pred, "isRight": bool(expected), "options": case}


def main():
    logging.disable(logging.CRITICAL)
    from math_verify import ExprExtractionConfig, LatexExtractionConfig, parse, verify

    targets = [LatexExtractionConfig(boxed_match_priority=0), ExprExtractionConfig()]
    cases = list(cases_of(Path(sys.argv[1])))
    for case in cases:
        case["peer"] = bool(verify(parse(case["gold"], targets), parse(case["pred"], targets)))
    json.dump(cases, sys.stdout)


if __name__ == "__main__":
    main()
