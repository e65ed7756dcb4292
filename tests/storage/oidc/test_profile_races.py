"""Operators change the same app at the same moment, one of them its security profile, on both databases."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from joserfc.jwk import ECKey

from idp.oidc.clients import clients
from idp.oidc.clients.clients import ChangedMeanwhile
from idp.unit_of_work import Units, retry_once
from tests.http.oidc.browsing import registered

TO_FAPI2: dict[str, Any] = {
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": {"keys": [ECKey.generate_key("P-256").as_dict(private=False)]},
    "id_token_signed_response_alg": "ES256",
}


def test_of_changes_at_the_same_moment_one_counts_whole_and_the_others_are_told(units: Units, clock) -> None:
    with units.write() as work:
        registered(work)
    seen = clock.now
    clock.advance(minutes=1)
    start = Barrier(6)

    def change(changes: dict[str, Any], profile: str) -> str:
        def once() -> str:
            with units.write() as work:
                clients.change(work, "app", changes, profile=profile, seen=seen)
            return profile

        start.wait(10)
        try:
            return retry_once(once)
        except ChangedMeanwhile:
            return "too late"

    acts: list[Callable[[], str]] = [lambda: change(TO_FAPI2, "fapi2"), lambda: change({"client_name": "Other"}, "standard")] * 3
    with ThreadPoolExecutor(6) as threads:
        outcomes = [future.result() for future in [threads.submit(act) for act in acts]]
    assert outcomes.count("too late") == 5
    with units.read() as work:
        left = clients.record(work, "app").client
    assert (left.profile or "standard") in outcomes
    assert (left.is_fapi, left.require_par, left.name == "Other") in [(True, True, False), (False, False, True)]
