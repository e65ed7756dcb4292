"""Whom tokens are about: the account's public `sub`, or for pairwise clients one that only their sector knows (Core §8).

A pairwise client's tokens say its own `sub` to everybody: were the public one in its access tokens, which it can read, it would learn
what it is not to know. So a resource sees one person under as many names as pairwise clients (of several sectors) call it; it cannot
put them together, and what it needs to know of a person it is told by claims.
"""

from base64 import urlsafe_b64encode

from idp.directory import accounts
from idp.directory.accounts import Account
from idp.identifiers import SubjectId
from idp.oidc.clients import sectors
from idp.oidc.clients.clients import Client
from idp.oidc.clients.metadata import PAIRWISE
from idp.unit_of_work import UnitOfWork


def subject_of(work: UnitOfWork, client: Client, account: Account) -> str:
    """Give the `sub` by which a client knows an account: stable, and telling nothing of the account (Core §8.1)."""
    if client.subject_type != PAIRWISE:
        return account.sub
    told = work.secrets.mac("pairwise", f"{sectors.of(client)}\n{account.sub}".encode())
    return urlsafe_b64encode(told).rstrip(b"=").decode()


def account_of(work: UnitOfWork, client: Client, subject: str, *, perhaps: Account | None) -> Account | None:
    """Give the account that a client calls by this `sub`.

    A pairwise one cannot be looked up, only recognised: none unless it is the account that it is `perhaps`.
    """
    if perhaps is not None and subject_of(work, client, perhaps) == subject:
        return perhaps
    return None if client.subject_type == PAIRWISE else accounts.find_by_sub(work, SubjectId(subject))
