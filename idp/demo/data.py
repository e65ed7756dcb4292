"""The demo's data, made by the same rules that make real ones; making them again changes nothing but addresses.

Passwords are made once for each data folder and stand only there. The mails to accounts that are active from the start are
taken back before anything is sent.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from idp import outbox
from idp.authn import passwords
from idp.demo.people import CUSTOMERS, STAFF, DemoCustomer, DemoPerson
from idp.directory import accounts, customers, invitations, provisioning
from idp.directory.accounts import Account, NewAccount
from idp.oidc.clients import clients
from idp.operations import demo_files
from idp.unit_of_work import Actor, ActorKind, UnitOfWork, Units

DEMO = Actor(ActorKind.SYSTEM, "demo")


@dataclass(frozen=True, slots=True)
class Apps:
    """The addresses of the two relying apps."""

    portal: str
    cloudphone: str


def make(units: Units, data_dir: Path, apps: Apps) -> None:
    """Make what is missing, and let the apps' clients have these addresses."""
    known = {user["username"]: user["password"] for user in demo_files.users(data_dir)}
    chosen = {name: known.get(name) or secrets.token_urlsafe(12) for name in active_names()}
    hasher = passwords.hasher(units.settings)
    hashes = {name: hasher.hash(password) for name, password in chosen.items() if name not in known}
    with units.write(DEMO) as work:
        for customer in CUSTOMERS:
            ensure_customer(work, customer)
        for person in STAFF:
            ensure_staff(work, person)
        for name, password_hash in hashes.items():
            passwords.set_hash(work, found(work, name).id, password_hash)
    demo_files.write_users(data_dir, [described(person, number, chosen) for person, number in everybody()])
    with units.write(DEMO) as work:
        made = ensure_clients(work, demo_files.clients(data_dir), apps)
    demo_files.write_clients(data_dir, made)


def current(units: Units, users: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Give the users with the state that each has now; passwords are those of the start."""
    with units.read(DEMO) as work:
        return [user | {"state": state_of(work, user["username"])} for user in users]


def state_of(work: UnitOfWork, username: str) -> str | None:
    """Tell an account's status; None for one that is gone."""
    account = accounts.find_by_username(work, username)
    return accounts.show(work, account.customer_id, account.id).status.value if account else None


def everybody() -> Iterable[tuple[DemoPerson, str | None]]:
    """Name all people with their customer's number."""
    for customer in CUSTOMERS:
        for person in (customer.main_contact, *customer.others):
            yield person, customer.number
    for person in STAFF:
        yield person, None


def active_names() -> list[str]:
    """Name the accounts that are active from the start."""
    return [person.username for person, _ in everybody() if person.active]


def described(person: DemoPerson, number: str | None, chosen: dict[str, str]) -> dict[str, Any]:
    """Describe one user for the credentials file (CONTRACT: `idp demo users`)."""
    return {
        "username": person.username,
        "password": chosen.get(person.username),
        "role": person.role.value,
        "customer_number": number,
        "email": person.email,
        "mobile": person.mobile,
        "state": "active" if person.active else "invitation_sent",
    }


def ensure_customer(work: UnitOfWork, wanted: DemoCustomer) -> None:
    """Provision a customer as the ordering system would, then create its other accounts."""
    if customers.find_by_number(work, wanted.number) is None:
        provisioning.provision(work, wanted.number, wanted.document)
        activate(work, wanted.main_contact)
    customer = customers.find_by_number(work, wanted.number)
    for person in wanted.others:
        if customer and accounts.find_by_username(work, person.username) is None:
            accounts.create(work, customer.id, new_account(person))
            activate(work, person)


def ensure_staff(work: UnitOfWork, person: DemoPerson) -> None:
    """Create an account of the carrier's own people."""
    if accounts.find_by_username(work, person.username) is None:
        accounts.create_staff(work, new_account(person), invite=False)
        activate(work, person)


def activate(work: UnitOfWork, person: DemoPerson) -> None:
    """Make an account active as if its owner had followed the invitation, whose mail is taken back."""
    if not person.active:
        return
    account = found(work, person.username)
    invitation = accounts.show(work, account.customer_id, account.id).invitation
    if invitation:
        outbox.cancel(work, invitation.job_id)
        invitations.use_up(work, invitation.id)
    accounts.activate(work, account.id, email_verified=True, mobile_verified=account.mobile)


def found(work: UnitOfWork, username: str) -> Account:
    """Give an account that has just been ensured."""
    account = accounts.find_by_username(work, username)
    assert account
    return account


def new_account(person: DemoPerson) -> NewAccount:
    """Say what an administrator would type."""
    return NewAccount(
        username=person.username,
        role=person.role,
        salutation=person.salutation,
        given_name=person.given_name,
        family_name=person.family_name,
        email=person.email,
        mobile=person.mobile or "",
    )


def ensure_clients(work: UnitOfWork, known: dict[str, dict[str, str]], apps: Apps) -> dict[str, dict[str, str]]:
    """Register the two apps, or give their clients these addresses; a lost secret is replaced. Gives ids and secrets."""
    made = {}
    for client_id, metadata in client_metadata(apps).items():
        secret = known.get(client_id, {}).get("client_secret")
        if clients.find(work, client_id) is None:
            secret = clients.register(work, metadata, client_id=client_id, secret=secret, first_party=True).secret
        else:
            clients.change(work, client_id, metadata)
            secret = secret or clients.renew_secret(work, client_id, end_old=True)
        made[client_id] = {"client_id": client_id, "client_secret": secret or ""}
    return made


def client_metadata(apps: Apps) -> dict[str, dict[str, Any]]:
    """Describe the two apps as RFC 7591 does."""
    return {
        "portal": app_metadata("e:service", apps.portal) | {"scope": "openid profile email phone roles contracts offline_access"},
        "cloudphone": app_metadata("cloud.phone", apps.cloudphone)
        | {
            "scope": "openid profile roles contracts offline_access",
            "require_pushed_authorization_requests": True,
            "authorization_details_types": ["cloud_phone"],
        },
    }


def app_metadata(name: str, address: str) -> dict[str, Any]:
    """Describe what both apps have in common."""
    return {
        "client_name": name,
        "redirect_uris": [f"{address}/oidc/callback"],
        "post_logout_redirect_uris": [f"{address}/signed-out"],
        "backchannel_logout_uri": f"{address}/backchannel-logout",
        "backchannel_logout_session_required": True,
        "initiate_login_uri": f"{address}/login/initiate",
        "grant_types": ["authorization_code", "refresh_token"],
        "require_pkce": True,
    }
