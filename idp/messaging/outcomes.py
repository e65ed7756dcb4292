"""What the audit log keeps of messages that did not arrive, or perhaps did not."""

import re

from idp import audit, metrics
from idp.countries import country_of
from idp.messaging.messages import MAIL, SMS
from idp.outbox import JobFinished, JobState
from idp.unit_of_work import UnitOfWork

EVENTS = {JobState.FAILED: audit.Event.MESSAGE_FAILED, JobState.UNCERTAIN: audit.Event.MESSAGE_UNCERTAIN}

_PIN = "sms/pin"
_SHORTEST = 3
"""A shorter word of an error is no name that somebody would be known by."""


def note_outcome(work: UnitOfWork, finished: JobFinished) -> None:
    """Handle JobFinished: note a mail or SMS that failed or whose outcome nobody knows; count what became of PINs."""
    if finished.kind == SMS and finished.payload["template"] == _PIN:
        result = "handed_over" if finished.state is JobState.SENT else finished.state.value
        country = country_of(finished.payload["to"])
        work.after_commit(metrics.PINS.labels(result=result, route=work.settings.sms_sender, country=country).inc)
    event = EVENTS.get(finished.state)
    if event and finished.kind in (MAIL, SMS):
        template = finished.payload["template"]
        audit.record(work, event, account=finished.account_id, template=template, job=finished.job_id, error=_unnamed(finished))


def _unnamed(finished: JobFinished) -> str | None:
    """Give the error without what names the recipient: servers like to repeat the address, or the part before the @."""
    if finished.error is None:
        return None
    to = str(finished.payload["to"])
    said = (to, to.partition("@")[0], *(value for value in finished.payload.get("values", {}).values() if isinstance(value, str)))
    names = sorted((re.escape(name) for name in said if len(name) >= _SHORTEST), key=len, reverse=True)
    return re.sub("|".join(names), "…", finished.error, flags=re.IGNORECASE) if names else finished.error
