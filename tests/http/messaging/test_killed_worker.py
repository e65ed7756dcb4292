"""A worker process that is killed in the middle of sending: a mail is sent again as the same, a PIN never."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from aiosmtpd.controller import Controller

from idp import messaging
from idp.identifiers import EmailAddress, PhoneNumber
from idp.outbox import JobState, jobs
from idp.outbox.worker import Worker
from idp.settings import Settings
from tests.conftest import make_settings
from tests.servers import ROOT, wait_until
from tests.units import opened_units

pytestmark = pytest.mark.parametrize("database", ["sqlite", "postgresql"], indirect=True)

MAX = SimpleNamespace(salutation="Herr", given_name="Max", family_name="Muster", username="customer2300229")


class SlowTaker:
    """Takes the first mail's content and says nothing more; takes every further mail."""

    def __init__(self) -> None:
        self.received: list[bytes] = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the library's name
        self.received.append(envelope.content)
        if len(self.received) == 1:
            await asyncio.sleep(60)
        return "250 taken"


@pytest.fixture
def taker(free_port: Callable[[], int]) -> Iterator[tuple[SlowTaker, int]]:
    """A mail server that hangs in the middle of the first mail."""
    handler = SlowTaker()
    controller = Controller(handler, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield handler, controller.port
    controller.stop()


@pytest.fixture
def settings(database: str, tmp_path, taker, vonage, ca_file) -> Settings:
    """An installation that sends to the two hanging ends."""
    return make_settings(
        database,
        tmp_path,
        mail_sender="smtp",
        mail_from="e:service <noreply@carrier.example>",
        smtp_host="127.0.0.1",
        smtp_port=taker[1],
        smtp_security="none",
        smtp_timeout_seconds=60,
        sms_sender="vonage",
        vonage_api_key="key",
        vonage_api_secret="vonage secret",
        vonage_host=vonage.address,
        vonage_ca_file=ca_file,
        vonage_timeout_seconds=60,
    )


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """The real time, as in the worker's process, moved on by a test."""

    class Clock:
        later = timedelta(0)

        def __call__(self) -> datetime:
            return datetime.now(UTC) + self.later

    return Clock()


@pytest.fixture
def units(settings, clock):
    with opened_units(settings, clock) as opened:
        yield opened


@pytest.fixture
def worker_process(settings: Settings) -> Iterator[subprocess.Popen]:
    """A worker as a process of its own."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("IDP_")}
    for name, value in settings.model_dump(include=settings.model_fields_set).items():
        environment[f"IDP_{name.upper()}"] = value.get_secret_value() if hasattr(value, "get_secret_value") else str(value)
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.http.messaging.worker_process"], cwd=ROOT, env=environment, stderr=subprocess.DEVNULL
    )
    yield started
    started.kill()
    started.wait()


def killed_while_sending(process, arrived):
    """Kill the process once its message has arrived at the other end, but not yet the answer at ours."""
    wait_until(arrived, seconds=60, process=process)
    process.kill()
    process.wait()


def state(units, job_id):
    with units.read() as work:
        return jobs.state_of(work, job_id)


def test_a_mail_is_sent_again_with_the_same_message_id(units, unit, worker_process, taker, clock):
    with unit() as work:
        secret = {"link": "http://localhost/activate/abc"}
        job_id = messaging.send_mail(
            work, "mail/invitation", EmailAddress("max@customer.example"), "de", messaging.person(MAX), secret_values=secret
        )
    handler, _ = taker
    killed_while_sending(worker_process, lambda: handler.received)
    assert state(units, job_id) is JobState.SENDING
    clock.later = timedelta(seconds=31)
    Worker(units, messaging.senders(units)).drain()
    assert state(units, job_id) is JobState.SENT
    message_ids = [next(line for line in mail.splitlines() if line.startswith(b"Message-ID:")) for mail in handler.received]
    assert len(message_ids) == 2
    assert message_ids[0] == message_ids[1]


def test_a_pin_is_uncertain_and_not_sent_again(units, unit, worker_process, vonage, clock):
    vonage.answers = ["silent"]
    with unit() as work:
        job_id = messaging.send_sms(work, "sms/pin", PhoneNumber("+4915112345678"), "de", secret_values={"pin": "2623565"})
    killed_while_sending(worker_process, lambda: vonage.received)
    assert state(units, job_id) is JobState.SENDING
    clock.later = timedelta(seconds=31)
    Worker(units, messaging.senders(units)).drain()
    assert state(units, job_id) is JobState.UNCERTAIN
    assert len(vonage.received) == 1
