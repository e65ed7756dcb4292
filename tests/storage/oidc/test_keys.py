"""Signing keys at the first start and at rotations."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import delete

from idp.oidc.keys import creation, rotation, store
from idp.oidc.keys.jose import Algorithm, BadToken, sign
from idp.oidc.keys.ring import KeyRing
from idp.oidc.keys.rotation import KeysBeingRotated, RotationTooEarly
from idp.oidc.keys.store import State
from idp.oidc.keys.tables import SigningKey
from idp.unit_of_work import SYSTEM, Units


@pytest.fixture
def without_keys(units: Units) -> Units:
    """An installation that has never been started."""
    with units.write() as work:
        work.db.execute(delete(SigningKey))
    return units


def states(units: Units) -> dict[tuple[str, str], int]:
    with units.read() as work:
        found: dict[tuple[str, str], int] = {}
        for key in store.all_keys(work.db):
            found[key.alg, key.state.value] = found.get((key.alg, key.state.value), 0) + 1
    return found


ONE_OF_EACH = {(name, state): 1 for name in ("RS256", "ES256", "PS256", "Ed25519") for state in ("active", "next")}


def test_parallel_first_starts_make_one_active_and_one_next_key_of_each_algorithm(without_keys: Units) -> None:
    start = Barrier(2)

    def begin(_: int) -> None:
        start.wait(10)
        creation.ensure(without_keys)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(begin, range(2)))
    assert states(without_keys) == ONE_OF_EACH


def test_the_first_use_makes_the_keys(without_keys: Units) -> None:
    keys = KeyRing(without_keys).current()
    assert keys.verify(sign({"a": 1}, keys.active(Algorithm.ES256), typ="JWT")).claims == {"a": 1}
    assert states(without_keys) == ONE_OF_EACH


def test_private_keys_are_sealed_and_wiped_when_they_retire(units: Units) -> None:
    rotation.rotate(units, SYSTEM)
    with units.read() as work:
        for key in store.all_keys(work.db):
            if key.state is State.RETIRED:
                assert key.sealed is None
            else:
                assert key.sealed
                assert b'"d"' not in key.sealed


def test_a_rotation_promotes_next_and_publishes_a_new_next(units: Units) -> None:
    with units.read() as work:
        before = {(key.alg, key.state): key.kid for key in store.all_keys(work.db)}
    rotation.rotate(units, SYSTEM)
    with units.read() as work:
        after = {(key.alg, key.state): key.kid for key in store.all_keys(work.db)}
    for name in ("RS256", "ES256", "PS256", "Ed25519"):
        assert after[name, State.ACTIVE] == before[name, State.NEXT]
        assert after[name, State.RETIRED] == before[name, State.ACTIVE]
        assert after[name, State.NEXT] not in before.values()


def test_a_rotation_waits_until_relying_parties_know_the_next_keys(units: Units, clock) -> None:
    rotation.rotate(units, SYSTEM)
    clock.advance(seconds=299)
    with pytest.raises(RotationTooEarly):
        rotation.rotate(units, SYSTEM)
    clock.advance(seconds=1)
    rotation.rotate(units, SYSTEM)


def test_a_compromised_key_is_rotated_at_once(units: Units) -> None:
    rotation.rotate(units, SYSTEM)
    rotation.rotate(units, SYSTEM, now=True)
    assert states(units)["RS256", "retired"] == 2


def test_keys_are_due_after_their_time(units: Units, clock) -> None:
    assert not rotation.rotate_if_due(units)
    clock.advance(days=90)
    assert rotation.rotate_if_due(units)
    assert not rotation.rotate_if_due(units)


def test_of_parallel_rotations_one_succeeds(units: Units) -> None:
    start = Barrier(2)

    def rotate(_: int) -> bool:
        start.wait(10)
        try:
            rotation.rotate(units, SYSTEM)
        except (KeysBeingRotated, RotationTooEarly):
            return False
        return True

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(rotate, range(2))) == [False, True]
    assert states(units) == ONE_OF_EACH | {(name, "retired"): 1 for name in ("RS256", "ES256", "PS256", "Ed25519")}


def test_a_retired_key_still_proves_an_old_token(units: Units, clock) -> None:
    ring = KeyRing(units)
    token = sign({"a": 1}, ring.current().active(Algorithm.RS256), typ="JWT")
    rotation.rotate(units, SYSTEM)
    clock.advance(days=100)
    assert ring.current().verify(token).claims == {"a": 1}


def test_long_retired_keys_are_forgotten(units: Units, clock) -> None:
    rotation.rotate(units, SYSTEM)
    clock.advance(days=181)
    with units.write() as work:
        assert rotation.delete_expired(work, 100) == 4
    assert states(units) == ONE_OF_EACH


def test_a_token_that_was_proven_lately_is_proven_by_no_second_signature_check(units: Units, monkeypatch: pytest.MonkeyPatch) -> None:
    ring = KeyRing(units)
    token = sign({"jti": "a"}, ring.current().active(Algorithm.ES256), typ="at+jwt")
    said = ring.current().verify_living(token)
    checked: list[str] = []
    monkeypatch.setattr("idp.oidc.keys.ring.verify", lambda token, *_: checked.append(token))
    ring.forget()  # as after a few seconds
    assert ring.current().verify_living(token) == said
    assert checked == []
    with pytest.raises(AttributeError):
        ring.current().verify_living(f"{token}x")
    assert checked == [f"{token}x"]


def test_a_proven_token_is_refused_once_its_key_has_left_the_key_set(units: Units, clock) -> None:
    ring = KeyRing(units)
    token = sign({"jti": "a"}, ring.current().active(Algorithm.ES256), typ="at+jwt")
    ring.current().verify_living(token)
    rotation.rotate(units, SYSTEM)
    ring.forget()
    assert ring.current().verify_living(token).claims == {"jti": "a"}
    clock.advance(days=30)
    ring.forget()
    with pytest.raises(BadToken):
        ring.current().verify_living(token)


def test_no_more_than_the_newest_proven_tokens_are_remembered(units: Units) -> None:
    keys = KeyRing(units).current()
    active = keys.active(Algorithm.ED25519)
    tokens = [sign({"jti": str(number)}, active, typ="at+jwt") for number in range(520)]
    for token in tokens:
        keys.verify_living(token)
    assert [keys.proven.find(token) is not None for token in tokens] == [False] * 8 + [True] * 512


def test_what_is_not_ours_is_not_remembered(units: Units) -> None:
    keys = KeyRing(units).current()
    token = sign({"jti": "a"}, keys.active(Algorithm.ES256), typ="at+jwt")
    for wrong in (f"{token[:-4]}AAAA", "a.b.c", "", "\ud800.a.b", "x" * 100_000):
        with pytest.raises(BadToken):
            keys.verify_living(wrong)
        assert keys.proven.find(wrong) is None
