"""SMS by Vonage's SMS API; the only import of its library, made when the first SMS leaves (231 ms, 27 MB)."""

import logging
import re
import threading
from datetime import timedelta
from http import HTTPStatus
from ssl import SSLCertVerificationError
from typing import Any, cast

from requests import exceptions as http
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NewConnectionError, SSLError

from idp import spans
from idp.clock import Clock
from idp.messaging.rendering import render_sms
from idp.messaging.sms.gsm7 import septets
from idp.outbox.senders import ClaimedJob, Failed, Outcome, Retry, Sent, Uncertain
from idp.settings import Settings
from idp.spans import Kind

SOON = timedelta(seconds=1)
SHORTEST_LIFE_MS = 20_000
THROTTLED = 1
UNKNOWN_AT_PROVIDER = {5, 10}
STATUS = {
    2: "a parameter is missing",
    3: "the number is not valid",
    4: "the credentials are wrong",
    6: "the number cannot be reached",
    7: "the number is barred",
    8: "the account is barred",
    9: "no credit is left",
    15: "the sender is not allowed",
    29: "the number is not allowed for this account",
    33: "the number is switched off",
}
_ERROR_CODE = re.compile(r"error code (\d+)")


class VonageSender:
    """Hands SMS to Vonage, each at most once: the library may not repeat a call, and an unknown outcome is told as such."""

    at_most_once = True

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._of_thread = threading.local()  # the library's client shares its headers, so each thread has its own

    def send(self, job: ClaimedJob) -> Outcome:
        """Render and hand over."""
        payload = job.payload
        text = render_sms(self._settings, payload["template"], payload["locale"], {**payload["values"], **job.secret})
        client = self._client()
        try:
            with spans.span("vonage sms", Kind.CLIENT, server_address=self._settings.vonage_host):
                response = client.sms.send(self._message(payload["to"], text, job))
        except Exception as error:  # noqa: BLE001 - whatever the library raises, it has an outcome
            return outcome_of(error)
        return Sent(response.messages[0].message_id)

    def _message(self, number: str, text: str, job: ClaimedJob) -> Any:
        from vonage_sms import SmsMessage  # noqa: PLC0415

        life = None
        if job.useless_after is not None:
            left = int((job.useless_after - self._clock()) / timedelta(milliseconds=1))
            life = max(left, SHORTEST_LIFE_MS)  # the networks try no longer than the PIN lives
        return SmsMessage(
            to=number.removeprefix("+"),
            from_=self._settings.sms_from.removeprefix("+"),
            text=text,
            type="unicode" if septets(text) is None else "text",
            client_ref=job.id,
            ttl=life,
        )

    def _client(self) -> Any:
        known = getattr(self._of_thread, "client", None)
        if known is None:
            known = self._of_thread.client = self._new_client()
        return known

    def _new_client(self) -> Any:
        from vonage import Auth, HttpClientOptions, Vonage  # noqa: PLC0415

        for loud in ("vonage", "vonage_http_client"):
            logging.getLogger(loud).setLevel(logging.CRITICAL)  # lower levels print texts and answers
        settings = self._settings
        options = HttpClientOptions(
            rest_host=settings.vonage_host,
            timeout=settings.vonage_timeout_seconds,
            pool_maxsize=1,  # also the number of times that a call is repeated when the server closes without an answer
            max_retries=0,
        )
        client = Vonage(Auth(settings.vonage_api_key, settings.vonage_api_secret.get_secret_value()), options)
        session = client.http_client._session  # noqa: SLF001 - there is no other way to name the trusted authorities
        session.trust_env = False
        session.verify = settings.vonage_ca_file or True
        session.headers["Connection"] = "close"  # on an idle connection that a firewall forgot, a PIN would end as uncertain
        session.max_redirects = 0  # a redirect of a POST could send it twice
        return client


def outcome_of(error: Exception) -> Outcome:
    """Tell what a failed call means: surely not sent, to be sent later, or nobody knows."""
    from vonage_http_client.errors import HttpRequestError  # noqa: PLC0415
    from vonage_sms.errors import PartialFailureError, SmsError  # noqa: PLC0415

    match error:
        case PartialFailureError():
            return Uncertain("a part of the SMS was refused")
        case SmsError():
            found = _ERROR_CODE.search(str(error))
            return _of_status(int(found[1]) if found else None)
        case HttpRequestError():
            return _of_http(cast("int", error.response.status_code))
        case http.ConnectionError() if _never_connected(error):
            return Retry(f"no connection: {type(error).__name__}", after=SOON)
        case http.ReadTimeout():
            return Uncertain("no answer in time")
    return Uncertain(f"no clear answer: {type(error).__name__}")


def _of_status(status: int | None) -> Outcome:
    if status == THROTTLED:
        return Retry("status 1: throttled", after=SOON)
    if status is None or status in UNKNOWN_AT_PROVIDER:
        return Uncertain(f"status {status}")
    return Failed(f"status {status}: {STATUS.get(status, 'refused')}")


def _of_http(status: int) -> Outcome:
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return Retry("HTTP 429", after=SOON)
    if status < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Failed(f"HTTP {status}")
    return Uncertain(f"HTTP {status}")


def _never_connected(error: http.ConnectionError) -> bool:
    """Tell whether the call failed before anything was sent; a broken TLS stream may break after it as well."""
    cause = error.args[0] if error.args else None
    reason = cause.reason if isinstance(cause, MaxRetryError) else None
    if isinstance(reason, SSLError):
        return isinstance(reason.args[0], SSLCertVerificationError)
    return isinstance(reason, NewConnectionError | ConnectTimeoutError)
