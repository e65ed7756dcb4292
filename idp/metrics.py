"""All counters of the product, and how they become one page for all processes; the only import of the metrics library.

A label never holds what names a person, and never more than a few dozen values. Counters are added after the commit
(`work.after_commit`). `PROMETHEUS_MULTIPROC_DIR` is set by the supervisor, so that the numbers of its children add up.
"""

import os
import shutil
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead

__all__ = [
    "BUILD",
    "CONTENT_TYPE",
    "HASHES_REFUSED",
    "HASHES_RUNNING",
    "HASHES_WAITING",
    "KEY_AGE",
    "MESSAGES",
    "MESSAGE_WAITS",
    "OUTBOX_WAITING",
    "PASSWORD_HASHES",
    "PINS",
    "POOL_IN_USE",
    "POOL_SECONDS",
    "POOL_SIZE",
    "POOL_WAITING",
    "REPLICA_READS",
    "REQUESTS",
    "REQUEST_SECONDS",
    "SCHEMA_BEHIND",
    "SESSIONS_ENDED",
    "SESSIONS_STARTED",
    "SIGNINS",
    "TOKENS",
    "TOKEN_REFUSALS",
    "WORKER_BEAT",
    "WORKER_STARTS",
    "empty",
    "forget_process",
    "page",
    "say_version",
]

CONTENT_TYPE = CONTENT_TYPE_LATEST

REQUESTS = Counter("idp_http_requests", "Requests answered.", ["method", "endpoint", "status"])
REQUEST_SECONDS = Histogram(
    "idp_http_request_seconds",
    "Time to answer a request.",
    ["endpoint"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
SIGNINS = Counter("idp_signins", "Steps of sign-ins by their result and the kind of app that asked.", ["step", "result", "app"])
PINS = Counter("idp_pins", "PINs by what became of them, by provider and the number's country.", ["result", "route", "country"])
SESSIONS_STARTED = Counter("idp_sessions_started", "Sessions started or renewed by a sign-in.", ["level", "area"])
SESSIONS_ENDED = Counter("idp_sessions_ended", "Sessions ended by somebody or something; time-outs go unnoticed.", ["reason"])
TOKENS = Counter("idp_token_requests", "Token requests by grant and result.", ["grant", "result"])
TOKEN_REFUSALS = Counter("idp_token_refusals", "Refused token requests by grant and error code.", ["grant", "error"])
PASSWORD_HASHES = Histogram(
    "idp_password_hash_seconds", "Time to check or make a password hash, waiting included.", buckets=(0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
)
HASHES_WAITING = Gauge("idp_password_hashes_waiting", "Password hashes that wait for a thread.", multiprocess_mode="livesum")
HASHES_RUNNING = Gauge("idp_password_hashes_running", "Password hashes that are being computed.", multiprocess_mode="livesum")
HASHES_REFUSED = Counter("idp_password_hashes_refused", "Password hashes refused because too many waited.")
POOL_IN_USE = Gauge("idp_database_connections_in_use", "Database connections in use.", ["engine"], multiprocess_mode="livesum")
POOL_SIZE = Gauge("idp_database_connections_limit", "Database connections that may be in use.", ["engine"], multiprocess_mode="livesum")
POOL_WAITING = Gauge("idp_database_connections_waiting", "Units that wait for a connection.", ["engine"], multiprocess_mode="livesum")
POOL_SECONDS = Histogram(
    "idp_database_connection_seconds",
    "Time to get a database connection when none was idle.",
    ["engine"],
    buckets=(0.0001, 0.001, 0.005, 0.02, 0.1, 0.5, 1, 5),
)
REPLICA_READS = Counter("idp_replica_reads", "Lists read, by the database that answered and why.", ["result"])
MESSAGES = Counter("idp_messages", "Jobs of the outbox by kind and result.", ["kind", "result"])
MESSAGE_WAITS = Histogram(
    "idp_message_wait_seconds", "Time from a job's due time to its sending.", ["kind"], buckets=(0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300)
)
OUTBOX_WAITING = Gauge("idp_outbox_waiting", "Jobs that are due and not yet sent.", ["kind"], multiprocess_mode="mostrecent")
WORKER_STARTS = Counter("idp_worker_starts", "Starts of the message worker.")
WORKER_BEAT = Gauge("idp_worker_beat_timestamp_seconds", "When a worker last looked for jobs.", multiprocess_mode="mostrecent")
KEY_AGE = Gauge("idp_signing_key_age_seconds", "Age of the active signing key.", ["alg"], multiprocess_mode="mostrecent")
SCHEMA_BEHIND = Gauge("idp_schema_behind", "1 when the database is not at this version's revision.", multiprocess_mode="mostrecent")
BUILD = Gauge("idp_build_info", "Always 1; says which version runs.", ["version"], multiprocess_mode="livemax")


def say_version() -> None:
    """Name the running version."""
    BUILD.labels(version=version("idp")).set(1)


def page(directory: Path | None = None) -> bytes:
    """Add up the numbers of all processes that write into a directory, or give this process's own; Prometheus text format."""
    if directory is None:
        return generate_latest(REGISTRY)
    for pid in _dead_writers(directory):
        forget_process(directory, pid)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(directory))  # type: ignore[no-untyped-call]
    return generate_latest(registry)


def _dead_writers(directory: Path) -> set[int]:
    """Find processes that ended without anybody's telling us, such as a web process that its own server has replaced."""
    found = {int(file.stem.rpartition("_")[2]) for file in directory.glob("gauge_live*_*.db")}
    dead = set()
    for pid in found:
        with suppress(PermissionError):
            try:
                os.kill(pid, 0)
            except ProcessLookupError:
                dead.add(pid)
    return dead


def forget_process(directory: Path, pid: int) -> None:
    """Drop the gauges of a process that has ended; its counters stay in the sums."""
    mark_process_dead(pid, path=str(directory))  # type: ignore[no-untyped-call]


def empty(directory: Path) -> None:
    """Start counting afresh."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True, exist_ok=True)
