"""A run's figures as a table and as a document that a later run compares itself with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench import subject
from bench.costs import Measured
from bench.goals import COLD_START, DATABASE_RATIO, GOALS, MEMORY, WORSE

NOISE = 1.05
LEAST_COUNTED = 0.02
"""Milliseconds of a database below which a ratio says nothing."""
RECORDED = Path(__file__).parent / "results.json"
WALL_CLOCK = "wall clock"
PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- written by make bench ARGS=--record -->", "<!-- end -->"
HEAD = (
    "CPU ms per operation",
    "peer",
    "its Redis",
    "floor SQLite",
    "product SQLite",
    "× floor (goal)",
    "floor PostgreSQL",
    "product PostgreSQL",
    "× floor (goal)",
    "database: floor",
    "product",
    "× floor (goal 2)",
)


def document(found: Measured, cold_start: dict[str, float]) -> dict[str, Any]:
    """Write figures down, without anything of this machine but them."""
    operations = {}
    for operation in subject.OPERATIONS:
        costs = {
            f"{name} {database}": {"server": round(found.server(*key), 3), "database": round(found.database(*key), 3)}
            for key in found.costs
            if (name := key[1]) and (database := key[2]) and key[0] == operation
        }
        ratios = {database: round(found.ratio(operation, database), 2) for database in (subject.SQLITE, subject.POSTGRESQL)}
        operations[operation] = {"milliseconds": costs, "product_to_floor": ratios}
    return {
        "operations": operations,
        "megabytes": {title: round(size) for title, size in found.memory.items()},
        "cold_start_seconds": cold_start,
        "succeeded": found.succeeded,
        "failed": len(found.failures),
    }


def table(told: dict[str, Any]) -> str:
    """Show a run as one table (Markdown)."""
    rows = [HEAD, tuple("---" for _ in HEAD), *(row(name, found) for name, found in told["operations"].items())]
    lines = ["| " + " | ".join(cells) + " |" for cells in rows]
    memory = ", ".join(f"{title} {size} MB" for title, size in told["megabytes"].items())
    start = ", ".join(f"{what} {seconds} s" for what, seconds in told["cold_start_seconds"].items())
    lines += [
        "",
        f"Web process under load (RSS; goal for the product {MEMORY:.0f} MB): {memory}.",
        "",
        f"Cold start to first answer (goal {COLD_START:.0f} s): {start}.",
        "",
        f"Operations: {told['succeeded']} succeeded, {told['failed']} failed.",
    ]
    return "\n".join(lines)


def row(operation: str, found: dict[str, Any]) -> tuple[str, ...]:
    """Show one operation."""
    costs, ratios = found["milliseconds"], found["product_to_floor"]
    cells = [operation, *both(costs, "peer Redis")]
    for database in (subject.SQLITE, subject.POSTGRESQL):
        allowed = allowed_ratio(operation, database)
        wanted = f" ({allowed:.2f})" if allowed else ""
        cells += [both(costs, f"floor {database}")[0], both(costs, f"product {database}")[0], f"{ratios[database]:.2f}{wanted}"]
    least, own = (costs[f"{name} {subject.POSTGRESQL}"]["database"] for name in ("floor", "product"))
    cells += [shown(least), shown(own), f"{own / least:.1f}" if least >= LEAST_COUNTED else ""]
    return tuple(cells)


def both(costs: dict[str, Any], name: str) -> tuple[str, str]:
    """Show a server's and its database's milliseconds."""
    cost = costs.get(name)
    return (shown(cost["server"]), shown(cost["database"])) if cost else ("", "")


def shown(milliseconds: float) -> str:
    """Write a figure with as many digits as it is good for."""
    return f"{milliseconds:.2f}" if milliseconds < 10 else f"{milliseconds:.1f}"


def complaints(told: dict[str, Any], before: dict[str, Any] | None) -> list[str]:
    """Name what has become dearer since the recorded run, and what is above its goal."""
    return [*worse(told, before), *above_goals(told)]


def worse(told: dict[str, Any], before: dict[str, Any] | None) -> Iterator[str]:
    """Name operations whose ratio to the floor has grown."""
    known = before["operations"] if before else {}
    for operation, found in told["operations"].items():
        for database, ratio in found["product_to_floor"].items():
            earlier = known.get(operation, {}).get("product_to_floor", {}).get(database)
            if earlier and ratio > earlier * WORSE:
                yield f"WORSE: {operation} on {database}: {ratio:.2f} times the floor, was {earlier:.2f}"


def above_goals(told: dict[str, Any]) -> Iterator[str]:
    """Name what costs more than it should."""
    for operation, found in told["operations"].items():
        for database, ratio in found["product_to_floor"].items():
            allowed = allowed_ratio(operation, database)
            if allowed and ratio > allowed * NOISE:
                yield f"above its goal: {operation} on {database}: {ratio:.2f} times the floor, goal {allowed:.2f}"
        own, least = (found["milliseconds"][f"{name} {subject.POSTGRESQL}"]["database"] for name in ("product", "floor"))
        if least >= LEAST_COUNTED and own > DATABASE_RATIO * least:
            yield f"above its goal: {operation}: PostgreSQL's own CPU is {own / least:.1f} times the floor's"
    for title, size in told["megabytes"].items():
        if title.startswith("product") and size > MEMORY:
            yield f"above its goal: memory of {title}: {size} MB, goal {MEMORY:.0f} MB"
    for what, seconds in told["cold_start_seconds"].items():
        if what == WALL_CLOCK and seconds > COLD_START:
            yield f"above its goal: cold start, {what}: {seconds} s"


def allowed_ratio(operation: str, database: str) -> float | None:
    """Tell how often the floor's cost the product's may be; None without a goal."""
    goal = GOALS.get(operation)
    if goal is None:
        return None
    return goal.sqlite / goal.floor_sqlite if database == subject.SQLITE else goal.postgresql / goal.floor_postgresql


def recorded() -> dict[str, Any] | None:
    """Read the run that is compared with."""
    found: dict[str, Any] | None = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else None
    return found


def record(told: dict[str, Any]) -> None:
    """Let later runs compare themselves with this one, and show its table in the documentation."""
    RECORDED.write_text(json.dumps(told, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{table(told)}\n\n{END}{after}", encoding="utf-8")
