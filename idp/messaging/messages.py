"""Every mail and SMS of the product by its template, and how callers send one: a job in their own unit of work."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from idp import outbox
from idp.identifiers import AccountId, EmailAddress, JobId, PhoneNumber
from idp.unit_of_work import UnitOfWork

MAIL = "mail"
SMS = "sms"


@dataclass(frozen=True, slots=True)
class Needs:
    """What a template shows: plain values, and those that are sealed until sending."""

    values: frozenset[str]
    secrets: frozenset[str]


def _mail(*values: str, secrets: tuple[str, ...] = (), username: bool = True) -> Needs:
    person = {"salutation", "given_name", "family_name"} | ({"username"} if username else set())
    return Needs(frozenset({*person, *values}), frozenset(secrets))


TEMPLATES: Mapping[str, Needs] = {
    "mail/invitation": _mail(secrets=("link",)),
    "mail/password_reset": _mail(secrets=("link",)),
    "mail/password_reset_done": _mail(),
    "mail/somebody_knows_your_password": _mail(),
    "mail/contact_change_confirm": _mail(secrets=("link",)),
    "mail/mobile_changed": _mail("mobile"),
    "mail/access_request_verify": _mail(secrets=("link",), username=False),
    "mail/access_request_waiting": _mail("requester_name", "requester_username", username=False),
    "mail/access_request_decided": _mail("approved", username=False),
    "sms/pin": Needs(frozenset(), frozenset({"pin"})),
}


class Person(Protocol):
    """Who a mail is for, as far as its greeting goes."""

    @property
    def given_name(self) -> str:
        """The first name."""
        ...

    @property
    def family_name(self) -> str:
        """The last name."""
        ...


def person(addressee: Person) -> dict[str, str]:
    """Give the values of a mail's greeting; salutation and user name where the addressee has them."""
    return {
        "salutation": getattr(addressee, "salutation", None) or "",
        "given_name": addressee.given_name,
        "family_name": addressee.family_name,
        "username": getattr(addressee, "username", None) or "",
    }


def send_mail(
    work: UnitOfWork,
    template: str,
    to: EmailAddress,
    locale: str,
    values: Mapping[str, Any],
    *,
    secret_values: Mapping[str, Any] | None = None,
    account_id: AccountId | None = None,
    due: datetime | None = None,
    useless_after: datetime | None = None,
) -> JobId:
    """Write a mail into the outbox; it is rendered when it is sent. Links are complete addresses in `secret_values`.

    Raises: ValueError when the template is unknown or a value that it shows is missing.
    """
    check(template, values, secret_values or {})
    payload = {"template": template, "to": to, "locale": locale, "values": dict(values)}
    return outbox.enqueue(
        work,
        MAIL,
        payload,
        secret=dict(secret_values) if secret_values else None,
        due=due,
        useless_after=useless_after,
        account_id=account_id,
    )


def send_sms(
    work: UnitOfWork,
    template: str,
    to: PhoneNumber,
    locale: str,
    *,
    secret_values: Mapping[str, Any],
    account_id: AccountId | None = None,
    useless_after: datetime | None = None,
) -> JobId:
    """Write an SMS into the outbox; it leaves at most once. Raises: ValueError as `send_mail` does."""
    check(template, {}, secret_values)
    payload = {"template": template, "to": to, "locale": locale, "values": {}}
    return outbox.enqueue(work, SMS, payload, secret=dict(secret_values), useless_after=useless_after, account_id=account_id)


def check(template: str, values: Mapping[str, Any], secrets: Mapping[str, Any]) -> None:
    """Refuse a message that could not be rendered later. Raises: ValueError."""
    needs = TEMPLATES.get(template)
    if needs is None:
        raise ValueError(f"no template is called {template}")
    missing = sorted((needs.values - values.keys()) | (needs.secrets - secrets.keys()))
    if missing:
        raise ValueError(f"{template} needs {', '.join(missing)}")
