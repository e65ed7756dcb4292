"""The demo: provider, portal and cloud phone UI with demo data, its users, a fresh start."""

import hashlib
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass

import click
import structlog

from idp.cli.instance import remember, remembered
from idp.cli.output import Noun, Refused, show
from idp.cli.serve import children_of, prepare_database
from idp.operations import demo_files, folder, logs
from idp.operations.children import Child, environment_of_app, python
from idp.operations.supervisor import Supervisor
from idp.settings import PROFILES, Settings, load_settings

CONFIG = str(PROFILES / "demo.toml")
CLIENTS = PROFILES.parent / "clients"
LONGEST_START = 90.0
HOSTS = ("127.0.0.1", "::1")  # browsers try both for localhost
HINT = "choose another with PORT=…; the port itself and the two above it are needed"

log = structlog.get_logger("idp.demo")


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the three servers of the demo answer."""

    idp: str
    portal: str
    cloudphone: str


@click.group("demo", cls=Noun, invoke_without_command=True)
@click.option("--port", type=click.IntRange(1, 65533), help="Port of the provider; the two above are the apps'.")
@click.pass_context
def command(context: click.Context, port: int | None) -> None:
    """Serve the demo until told to stop."""
    if context.invoked_subcommand is None:
        sys.exit(serve_demo(settings_of_demo(port)))


@command.command("users")
def users() -> None:
    """List the demo's accounts with their passwords and present states; makes the demo data if there is none."""
    from idp.cli.demo_making import current_users  # noqa: PLC0415 - the whole application, which a usual start does without

    settings = settings_of_demo(None)
    if not demo_files.complete(settings.data_dir):
        with folder.held(settings.data_dir):
            prepare_database(settings, any_kind=True)
            make_data(settings)
            remember(settings)
    show(current_users(settings), columns=("username", "password", "role", "customer_number", "state", "email", "mobile"))


@command.command("reset")
def reset() -> None:
    """Throw the demo's data away; refused while it runs."""
    settings = settings_of_demo(None)
    if settings.database_url.get_secret_value():
        raise Refused("not_embedded", "the demo is on a database of yours; empty that one yourself")
    with folder.held(settings.data_dir):
        for file in (*settings.data_dir.glob("idp.sqlite3*"), *demo_files.all_in(settings.data_dir)):
            file.unlink(missing_ok=True)
        for name in ("portal", "cloudphone", "metrics"):
            shutil.rmtree(settings.data_dir / name, ignore_errors=True)
    show({"reset": True}, lines=["the next start makes the demo data afresh"])


def settings_of_demo(port: int | None) -> Settings:
    """Load the demo's settings: the port told, else the environment's, else that of the last start."""
    settings = load_settings(config=CONFIG)
    last = remembered(settings.data_dir)
    if port is None and last and last.profile == "demo" and "port" not in settings.model_fields_set:
        port = last.port
    chosen = port or settings.port
    return load_settings(config=CONFIG, port=chosen, portal_url=settings.portal_url or f"http://localhost:{chosen + 1}")


def addresses_of(settings: Settings) -> Addresses:
    """Name the addresses of the three servers."""
    return Addresses(settings.issuer_address, settings.portal_url, f"http://localhost:{settings.port + 2}")


def serve_demo(settings: Settings) -> int:
    """Prepare what is missing, run everything, say when it is ready; give the exit code."""
    logs.set_up(settings.log_level)
    addresses = addresses_of(settings)
    with folder.held(settings.data_dir):
        for port in (settings.port, settings.port + 1, settings.port + 2):
            for host in HOSTS:
                folder.require_free(host, port, HINT)
        upgraded = prepare_database(settings, any_kind=True)
        last = remembered(settings.data_dir)
        moved = last is None or (last.port, last.issuer) != (settings.port, settings.issuer_address)
        if upgraded or moved or not demo_files.complete(settings.data_dir):
            make_data(settings)
        remember(settings)
        provider, metrics_dir = children_of(settings, CONFIG)
        children = [*apps(settings, addresses), *provider]
        run_file = settings.data_dir / "run.json"

        def note() -> None:
            pids = {"supervisor": os.getpid()} | {child.name: child.pid for child in children}
            folder.write_private(run_file, {"urls": vars_of(addresses), "pids": pids})

        supervisor = Supervisor(children, metrics_dir=metrics_dir, changed=note)
        try:
            return supervisor.run(when_started=lambda: announce(settings, addresses, supervisor))
        finally:
            run_file.unlink(missing_ok=True)


def make_data(settings: Settings) -> None:
    """Make the demo data, or bring its addresses to those of this start."""
    from idp.cli.demo_making import make_demo  # noqa: PLC0415 - the whole application, which a usual start does without

    addresses = addresses_of(settings)
    make_demo(settings, portal=addresses.portal, cloudphone=addresses.cloudphone)


def apps(settings: Settings, addresses: Addresses) -> Iterator[Child]:
    """Plan the two relying apps; their secrets come from the demo's own file."""
    clients = demo_files.clients(settings.data_dir)
    brand = {
        "BRAND": settings.brand_name,
        "SERVICE_PHONE": settings.brand_service_phone,
        "SERVICE_EMAIL": settings.brand_service_email,
        "IMPRINT_URL": settings.brand_imprint_url,
        "PRIVACY_URL": settings.brand_privacy_url,
    }
    more = {
        "portal": {
            "CLOUDPHONE_INITIATE_URL": f"{addresses.cloudphone}/login/initiate",
            "PRODUCT": settings.brand_portal_product,
        },
        "cloudphone": {"PORTAL_URL": addresses.portal, "PRODUCT": settings.brand_phone_product},
    }
    for position, (name, url) in enumerate((("portal", addresses.portal), ("cloudphone", addresses.cloudphone)), start=1):
        secret = clients[name]["client_secret"]
        values = {
            "ISSUER": addresses.idp,
            "CLIENT_ID": clients[name]["client_id"],
            "CLIENT_SECRET": secret,
            "BASE_URL": url,
            "SESSION_SECRET": hashlib.sha256(f"session of {secret}".encode()).hexdigest(),
            "DATA_DIR": str((settings.data_dir / name).resolve()),
        }
        told = {f"{name.upper()}_{key}": value for key, value in (values | brand | more[name]).items()}
        where = ("--host", settings.host, "--port", str(settings.port + position))
        server = python("idp.operations.web", *where, f"{name}.app:create_app")
        yield Child(name, server, environment_of_app(CLIENTS, told), vital=True)


def announce(settings: Settings, addresses: Addresses, supervisor: Supervisor) -> None:
    """Wait until all three servers are ready, then print addresses, users and passwords, last of all `ready`."""
    waiting = [f"http://127.0.0.1:{settings.port + step}/health/ready" for step in range(3)]
    until = time.monotonic() + LONGEST_START
    while waiting := [url for url in waiting if not answers(url)]:
        if supervisor.stopping.wait(0.05):
            return
        if time.monotonic() > until:
            log.error("not_ready_in_time", waiting=waiting)
            supervisor.exit_code = 1
            supervisor.stop()
            return
    for line in welcome(settings, addresses):
        click.echo(line)
    click.echo("ready")


def answers(url: str) -> bool:
    """Ask a server of ours whether it is ready."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own address
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def welcome(settings: Settings, addresses: Addresses) -> Iterator[str]:
    """Say where everything is and who may sign in."""
    yield ""
    yield f"  identity provider   {addresses.idp}"
    yield f"  customer portal     {addresses.portal}"
    yield f"  cloud phone UI      {addresses.cloudphone}"
    yield f"  staff's pages       {addresses.idp}/staff/"
    yield f"  demo mailbox        {addresses.idp}/demo/mailbox"
    yield f"  demo phone          {addresses.idp}/demo/phone"
    yield ""
    for user in demo_files.users(settings.data_dir):
        yield f"  {user['username']:<22} {user['password'] or '(invited: see the mailbox)':<28} {user['role']}"
    yield ""


def vars_of(addresses: Addresses) -> dict[str, str]:
    """Give the addresses by name."""
    return {"idp": addresses.idp, "portal": addresses.portal, "cloudphone": addresses.cloudphone}
