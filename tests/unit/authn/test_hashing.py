"""Password hashes."""

import pytest
from passlib.hash import bcrypt, pbkdf2_sha256, scrypt, sha512_crypt

from idp.authn.hashing import Hasher
from idp.errors import TryAgain


@pytest.fixture(scope="module")
def hasher() -> Hasher:
    return Hasher(64, 1, 2)


def test_a_hash_is_argon2id_with_the_settings_costs(hasher):
    assert hasher.hash("a password").startswith("$argon2id$v=19$m=64,t=1,p=1$")


@pytest.mark.parametrize(
    "older",
    [bcrypt.using(rounds=4), pbkdf2_sha256.using(rounds=1000), sha512_crypt.using(rounds=1000), scrypt.using(rounds=4)],
    ids=["bcrypt", "pbkdf2_sha256", "sha512_crypt", "scrypt"],
)
def test_an_older_scheme_fits_and_brings_a_newer_hash(hasher, older):
    checked = hasher.check("a password", older.hash("a password"))
    assert checked.fits
    assert checked.upgraded.startswith("$argon2id$")
    assert hasher.check("another password", older.hash("a password")).upgraded is None


def test_weaker_costs_bring_a_newer_hash():
    weak = Hasher(8, 1, 1).hash("a password")
    assert Hasher(64, 1, 1).check("a password", weak).upgraded


def test_the_same_costs_bring_none(hasher):
    assert hasher.check("a password", hasher.hash("a password")).upgraded is None


@pytest.mark.parametrize("known", [None, "", "not a hash", "$2b$12$broken"])
def test_without_a_usable_hash_nothing_fits(hasher, known, monkeypatch):
    monkeypatch.setattr(hasher, "_nobody", hasher.hash("a password"))
    assert not hasher.check("a password", known).fits


def test_nobody_costs_as_much_as_somebody(hasher, monkeypatch):
    asked = []
    verify = hasher._context.verify_and_update
    monkeypatch.setattr(hasher._context, "verify_and_update", lambda password, known: asked.append(known) or verify(password, known))
    hasher.check("a password", None)
    hasher.check("a password", hasher.hash("b"))
    costs = [known.rsplit("$", 2)[0] for known in asked]
    assert costs[0] == costs[1]


def test_a_password_counts_in_its_normal_form(hasher):
    assert hasher.check("gru\u0308n", hasher.hash("gr\u00fcn")).fits
    assert hasher.check("ﬁ", hasher.hash("fi")).fits


def test_when_too_many_wait_the_next_is_sent_away():
    full = Hasher(64, 1, 1)
    while full._places.acquire(blocking=False):
        pass
    with pytest.raises(TryAgain):
        full.hash("a password")
