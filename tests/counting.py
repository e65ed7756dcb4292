"""What a test adds to a counter: counters belong to the process, so only differences mean anything."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

Counted = dict[tuple[str, ...], float]


def values(metric: Any) -> Counted:
    """Give a metric's present values by its labels' values, those of a histogram as their counts."""
    everything = [sample for family in metric.collect() for sample in family.samples]
    samples = [sample for sample in everything if not sample.name.endswith(("_created", "_bucket", "_sum"))]
    return {tuple(sample.labels[name] for name in metric._labelnames): sample.value for sample in samples}


@contextmanager
def counting(metric: Any) -> Iterator[Counted]:
    """Fill a dictionary at the end with what was added meanwhile."""
    before, added = values(metric), {}
    yield added
    for labels, value in values(metric).items():
        if value != before.get(labels, 0.0):
            added[labels] = value - before.get(labels, 0.0)
