"""Serve the provider: web processes, the message worker and the metrics page under one supervisor."""

import os
import sys
from pathlib import Path
from typing import Any

import click
import structlog

from idp import metrics
from idp.cli.instance import remember
from idp.cli.output import Command, chosen_profile
from idp.errors import SettingsError
from idp.operations import folder, logs, metrics_server, schema
from idp.operations.children import ONE_HEAP, Child, environment_of, python
from idp.operations.master_secret import check_master_secret
from idp.operations.supervisor import Supervisor
from idp.settings import Settings, config_file, load_settings, master_secret

log = structlog.get_logger("idp.serve")


@click.command("serve", cls=Command)
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=click.IntRange(1, 65535), help="Port to listen on.")
@click.option("--workers", type=click.IntRange(1, 64), help="Number of web processes.")
@click.option("--no-worker", is_flag=True, help="Do not run the message worker here.")
def command(host: str | None, port: int | None, workers: int | None, no_worker: bool) -> None:
    """Serve until told to stop; the profile is `small` unless another is named."""
    told: dict[str, Any] = {"host": host, "port": port, "workers": workers, "embedded_worker": False if no_worker else None}
    profile = chosen_profile() or "small"
    settings = load_settings(profile, **{name: value for name, value in told.items() if value is not None})
    logs.set_up(settings.log_level)
    with folder.held(settings.data_dir):
        folder.require_free(settings.host, settings.port, "choose another with --port")
        prepare_database(settings)
        remember(settings)
        children, metrics_dir = children_of(settings, config_file(profile))
        run_file = settings.data_dir / "run.json"

        def note() -> None:
            pids = {"supervisor": os.getpid()} | {child.name: child.pid for child in supervisor.children}
            folder.write_private(run_file, {"urls": {"idp": settings.issuer_address}, "pids": pids})

        supervisor = Supervisor(children, metrics_dir=metrics_dir, changed=note)
        log.info("serving", issuer=settings.issuer_address, host=settings.host, port=settings.port, profile=settings.profile)
        try:
            code = supervisor.run()
        finally:
            run_file.unlink(missing_ok=True)
    sys.exit(code)


def prepare_database(settings: Settings, *, any_kind: bool = False) -> bool:
    """Upgrade an embedded database, and refuse any other that is behind (unless told); true when something was upgraded.

    Raises: SettingsError.
    """
    master_secret(settings)  # made here, before several children could make it at once
    state = schema.schema_state_of(settings)
    if not state.may_serve:
        if not state.known or not (any_kind or settings.database_address.startswith("sqlite")):
            raise SettingsError(state.problem)
        log.info("upgrading_database", since=state.revision)
        schema.upgrade(settings)
    check_master_secret(settings)
    return not state.may_serve


def children_of(settings: Settings, config: str) -> tuple[list[Child], Path | None]:
    """Plan the processes of one installation, and open the metrics page where one is wanted.

    Raises: SettingsError when the metrics port is busy (the demo warns and goes on without).
    """
    environment = environment_of(settings, config)
    metrics_dir = open_metrics(settings)
    if metrics_dir:
        environment["PROMETHEUS_MULTIPROC_DIR"] = str(metrics_dir)
    web = python("idp.operations.web", "--host", settings.host, "--port", str(settings.port))
    web += [
        "--workers",
        str(settings.workers),
        "--threads",
        str(settings.threads),
        "--take-turns",
        "idp.cli.application:web_application",
    ]
    children = [Child("web", web, ONE_HEAP | environment, vital=True)]
    if settings.embedded_worker:
        children.append(Child("worker", python("idp.cli", "worker", "--with-parent"), environment))
    return children, metrics_dir


def open_metrics(settings: Settings) -> Path | None:
    """Serve the metrics page from an emptied directory; None when it is off."""
    if not settings.metrics_port:
        return None
    directory = settings.data_dir.resolve() / "metrics"
    metrics.empty(directory)
    try:
        metrics_server.start(settings.host, settings.metrics_port, directory)
    except OSError as error:
        problem = f"metrics_port: port {settings.metrics_port} cannot be used ({error.strerror}); set IDP_METRICS_PORT, 0 switches it off"
        if settings.profile != "demo":
            raise SettingsError(problem) from None
        log.warning("no_metrics", problem=problem)
        return None
    return directory
