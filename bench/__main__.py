"""`python -m bench`: measure, print one table, and tell what is worse than in the recorded run."""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path

from bench import costs, moving, pin_latency, product, results, scale
from idp.operations import logs

LATEST = Path(".cache/bench")


def main() -> int:
    """Measure what the command line asks for."""
    asked = parse()
    logs.set_up("WARNING")
    if asked.scale:
        return measure_scale(asked.rounds, asked.rows)
    if asked.moving:
        with tempfile.TemporaryDirectory(prefix="idp-bench-") as folder:
            print(moving.run(Path(folder), many=asked.rows))
        return 0
    with tempfile.TemporaryDirectory(prefix="idp-bench-") as folder:
        told, failures = operations(Path(folder), asked.rounds)
    text = results.table(told)
    print(text)
    for line in [*results.complaints(told, results.recorded()), *(f"FAILED: {failure}" for failure in failures[:10])]:
        print(line)
    LATEST.mkdir(parents=True, exist_ok=True)
    (LATEST / "results.json").write_text(json.dumps(told, indent=2, ensure_ascii=False), encoding="utf-8")
    (LATEST / "table.md").write_text(text + "\n", encoding="utf-8")
    if asked.record:
        results.record(told)
    late = pin_latency.main() if asked.pins else 0
    return 1 if failures else late


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench")
    parser.add_argument("--rounds", type=int, default=7, help="how often every operation is measured")
    parser.add_argument("--record", action="store_true", help="let later runs compare themselves with this one")
    parser.add_argument("--no-pins", dest="pins", action="store_false", help="leave out how long a PIN takes to leave")
    parser.add_argument("--scale", action="store_true", help="compare few accounts and tokens with many instead")
    parser.add_argument("--moving", action="store_true", help="measure export and import, with few accounts and with many, instead")
    parser.add_argument("--rows", type=int, default=scale.MANY, help="how many accounts and tokens are many")
    return parser.parse_args()


def measure_scale(rounds: int, rows: int) -> int:
    """Compare a small installation with a large one."""
    with tempfile.TemporaryDirectory(prefix="idp-bench-") as folder:
        found, text = scale.run(Path(folder), rounds, many=rows)
    print(text)
    for failure in found.failures[:10]:
        print(f"FAILED: {failure}")
    return 1 if found.failures else 0


def operations(folder: Path, rounds: int) -> tuple[dict, list[str]]:
    """Measure every operation at every subject."""
    with costs.subjects(folder) as started:
        found = costs.measure(started, rounds)
    return results.document(found, product.cold_starts(folder / "cold")), found.failures


if __name__ == "__main__":
    before = time.monotonic()
    code = main()
    print(f"{time.monotonic() - before:.0f} s", file=sys.stderr)
    sys.exit(code)
