"""What proofs of possession (RFC 9449) need of a request and its answer, at the protocol's endpoints and at the API alike."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from flask import Blueprint, Response, g

from idp.oidc.tokens import dpop, protected
from idp.oidc.tokens.dpop import Proof, Sent
from idp.oidc.tokens.protected import Shown
from idp.pages.running import running_request
from idp.unit_of_work import UnitOfWork, current_units, read_work, unit_of_work


def read_proof() -> Proof | None:
    """Check the proof of the running request, if it has one; call it before a unit of work opens. Raises: ProofRefused."""
    return dpop.read(current_units(), _sent())


def shown_token(form_token: str | None = None) -> Shown:
    """Read the access token of the running request with its proof; call it before a unit of work opens. Raises: OAuthError 400, 401."""
    return protected.read(current_units(), _sent(), form_token)


@contextmanager
def unit_for(shown: Shown) -> Iterator[UnitOfWork]:
    """Open the unit in which a request is let in: a proof is used up, which has to be written.

    Once only: a view that the database asks to run again does so with the same proof.
    """
    if shown.proof is None or g.get("used_proof") == shown.proof:
        with read_work() as work:
            yield work
        return
    with unit_of_work() as work:
        yield work
    g.used_proof = shown.proof


def offer_nonces(blueprint: Blueprint) -> None:
    """Give the nonce to use from now on in each answer to a request with a proof (§8.2), refusals included."""
    blueprint.after_request(_offer_nonce)


def _offer_nonce(response: Response) -> Response:
    if "DPoP" in running_request().headers:
        units = current_units()
        response.headers["DPoP-Nonce"] = dpop.nonce(units.secrets, units.clock())
    return response


def _sent() -> Sent:
    """Take the parts of the running request; its address is the public one, whatever name the request came by."""
    asked = running_request()
    address = current_units().settings.issuer_address + quote(asked.path)
    return Sent(asked.method, address, asked.headers.get("Authorization"), asked.headers.get("DPoP"))
