"""Send messages and keep house: the worker as a process of its own, as many as wanted."""

import signal
import threading
from types import FrameType

import click
import structlog

from idp.app import worker_of
from idp.cli.installation import opened_app
from idp.cli.instance import settings_here
from idp.cli.output import Command
from idp.errors import SettingsError
from idp.operations import logs, metrics_server, schema, tracing
from idp.operations.children import end_with_parent
from idp.operations.master_secret import check_master_secret
from idp.settings import Settings

log = structlog.get_logger("idp.worker")


@click.command("worker", cls=Command)
@click.option("--with-parent", is_flag=True, hidden=True, help="End when the process that started this one is gone.")
def command(with_parent: bool) -> None:
    """Send what is due until told to stop."""
    settings = settings_here()
    logs.set_up(settings.log_level)
    if not (state := schema.schema_state_of(settings)).may_serve:
        raise SettingsError(state.problem)
    check_master_secret(settings)
    if with_parent:
        end_with_parent()
    else:
        open_metrics(settings)
    stop = threading.Event()

    def asked(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    tracing.start(settings)
    with opened_app() as app:
        worker_of(app).run(stop)
    tracing.stop()


def open_metrics(settings: Settings) -> None:
    """Serve this worker's own numbers; beside a `serve` that has the port already, do without."""
    if not settings.metrics_port:
        return
    try:
        metrics_server.start(settings.host, settings.metrics_port)
    except OSError as error:
        log.warning("no_metrics", port=settings.metrics_port, problem=error.strerror)
