"""All counters of the product, and how they become one page for all processes; the only import of the metrics library.

A label never holds what names a person, and never more than a few dozen values. Counters are added after the commit
(`work.after_commit`). `PROMETHEUS_MULTIPROC_DIR` is set by the supervisor, so that the numbers of its children add up.
"""

import shutil
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

__all__ = [
    "CONTENT_TYPE",
    "KEY_AGE",
    "MESSAGES",
    "MESSAGE_WAITS",
    "OUTBOX_WAITING",
    "PASSWORD_HASHES",
    "PINS",
    "REQUESTS",
    "REQUEST_SECONDS",
    "SCHEMA_BEHIND",
    "SIGNINS",
    "TOKENS",
    "WORKER_BEAT",
    "WORKER_STARTS",
    "empty",
    "forget_process",
    "page",
]

CONTENT_TYPE = CONTENT_TYPE_LATEST

REQUESTS = Counter("idp_http_requests", "Requests answered.", ["method", "endpoint", "status"])
REQUEST_SECONDS = Histogram(
    "idp_http_request_seconds",
    "Time to answer a request.",
    ["endpoint"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SIGNINS = Counter("idp_signins", "Steps of sign-ins by their result.", ["step", "result"])
PINS = Counter("idp_pins", "PIN challenges by what became of them.", ["result"])
TOKENS = Counter("idp_token_requests", "Token requests by grant and result.", ["grant", "result"])
PASSWORD_HASHES = Histogram(
    "idp_password_hash_seconds", "Time to check or make a password hash, waiting included.", buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
)
MESSAGES = Counter("idp_messages", "Jobs of the outbox by kind and result.", ["kind", "result"])
MESSAGE_WAITS = Histogram(
    "idp_message_wait_seconds", "Time from a job's due time to its sending.", ["kind"], buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300)
)
OUTBOX_WAITING = Gauge("idp_outbox_waiting", "Jobs that are due and not yet sent.", ["kind"], multiprocess_mode="mostrecent")
WORKER_STARTS = Counter("idp_worker_starts", "Starts of the message worker.")
WORKER_BEAT = Gauge("idp_worker_beat_timestamp_seconds", "When a worker last looked for jobs.", multiprocess_mode="mostrecent")
KEY_AGE = Gauge("idp_signing_key_age_seconds", "Age of the active signing key.", ["alg"], multiprocess_mode="mostrecent")
SCHEMA_BEHIND = Gauge("idp_schema_behind", "1 when the database is not at this version's revision.", multiprocess_mode="mostrecent")


def page(directory: Path | None = None) -> bytes:
    """Add up the numbers of all processes that write into a directory, or give this process's own; Prometheus text format."""
    if directory is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(directory))  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def forget_process(directory: Path, pid: int) -> None:
    """Drop the gauges of a process that has ended; its counters stay in the sums."""
    mark_process_dead(pid, path=str(directory))  # type: ignore[no-untyped-call]


def empty(directory: Path) -> None:
    """Start counting afresh."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, exist_ok=True)
