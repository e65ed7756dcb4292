"""How long a PIN takes to leave: from the POST of the password to the provider's API, on SQLite and on PostgreSQL.

Everything is real: sign-in, password hash, outbox, a worker process, the Vonage library, TLS. The goal is a p99 under one second.
"""

import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import trustme
from sqlalchemy import create_engine

from idp.app import create_app
from idp.database import Base, db
from idp.operations import logs
from idp.settings import Settings
from idp.unit_of_work import SYSTEM
from tests import builders, servers
from tests.http.messaging.vonage_server import VonageServer, vonage_server
from tests.visitor import PASSWORD, Visitor, give_password

REQUESTS = 200
WARM_UP = 5
GOAL = 1.0


def settings_for(database: str, folder: Path, vonage: VonageServer, ca_file: Path) -> Settings:
    """Describe an installation with real password hashes that sends to the local provider."""
    return Settings(
        profile="small",
        issuer="http://localhost",
        data_dir=folder,
        database_url=database,
        master_secret="a secret for measuring that is long enough",
        limits_factor=100,
        mail_sender="demo",
        sms_sender="vonage",
        vonage_api_key="key",
        vonage_api_secret="secret",
        vonage_host=vonage.address,
        vonage_ca_file=str(ca_file),
        log_level="WARNING",
    )


@contextmanager
def worker(settings: Settings) -> Iterator[None]:
    """Run a worker process on the installation."""
    environment = dict(os.environ)
    for name, value in settings.model_dump(include=settings.model_fields_set).items():
        environment[f"IDP_{name.upper()}"] = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.http.messaging.worker_process"], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        yield
    finally:
        process.kill()
        process.wait()


def measure(settings: Settings, vonage: VonageServer) -> list[float]:
    """Sign in again and again; give the seconds from each POST of a password to its SMS at the provider."""
    app = create_app(settings)
    units = app.extensions["idp.units"]
    with units.write(SYSTEM) as work:
        account = builders.administrator(work)
    give_password(units, account)
    seconds = []
    with worker(settings):
        for number in range(REQUESTS + WARM_UP):
            vonage.received.clear()
            visitor = Visitor(app)
            visitor.open("/signin")
            time.sleep(random.uniform(0, 0.2))  # requests do not keep step with the worker's polls
            asked = time.perf_counter()
            visitor.send("password", username=account.username, password=PASSWORD)
            servers.wait_until(lambda: vonage.received, seconds=30)
            if number >= WARM_UP:
                seconds.append(vonage.received[0].at - asked)
    with app.app_context():
        for engine in db.engines.values():
            engine.dispose()
    return sorted(seconds)


def report(database: str, seconds: list[float]) -> bool:
    """Print the figures; tell whether the goal is met."""
    p50, p99 = seconds[len(seconds) // 2], seconds[int(len(seconds) * 0.99) - 1]
    met = p99 < GOAL
    print(
        f"PIN, password POST to provider call, {database}: p50 {p50 * 1000:.0f} ms, p99 {p99 * 1000:.0f} ms, "
        f"slowest {seconds[-1] * 1000:.0f} ms over {len(seconds)} requests (goal: p99 < {GOAL * 1000:.0f} ms, {'met' if met else 'MISSED'})"
    )
    return met


def main() -> int:
    """Measure on both databases."""
    logs.set_up("WARNING")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        vonage = stack.enter_context(vonage_server(authority))
        postgres = servers.Postgres()
        stack.callback(postgres.stop)
        databases = {"SQLite": f"sqlite:///{folder / 'idp.sqlite3'}", "PostgreSQL": stack.enter_context(postgres.database())}
        met = True
        for name, url in databases.items():
            engine = create_engine(url)
            Base.metadata.create_all(engine)
            engine.dispose()
            met &= report(name, measure(settings_for(url, folder, vonage, folder / "ca.pem"), vonage))
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
