"""The list of breached passwords: a file, or a service that learns five digits."""

import hashlib

import pytest

from idp.authn import breaches
from idp.authn.breaches import Breach
from idp.outbound import Answer, OutboundFailed
from tests.conftest import make_settings


def digest(password: str) -> str:
    return hashlib.sha1(password.encode()).hexdigest().upper()


BREACHED = [f"breached-{number}" for number in range(200)]


@pytest.fixture(params=["\n", "\r\n"])
def listed(request, tmp_path):
    file = tmp_path / "hashes.txt"
    file.write_bytes(request.param.join(f"{hashed}:{number}" for number, hashed in enumerate(sorted(map(digest, BREACHED)), 1)).encode())
    return make_settings("", tmp_path, breached_passwords=str(file))


def test_every_password_of_the_file_is_found(listed):
    assert {breaches.look_up(listed, password) for password in BREACHED} == {Breach.FOUND}


def test_no_other_password_is_found(listed):
    assert {breaches.look_up(listed, f"other-{number}") for number in range(200)} == {Breach.NONE}


@pytest.mark.parametrize("content", [b"", b"\n"])
def test_an_empty_file_holds_none(tmp_path, content):
    (tmp_path / "hashes.txt").write_bytes(content)
    settings = make_settings("", tmp_path, breached_passwords=str(tmp_path / "hashes.txt"))
    assert breaches.look_up(settings, "anything") is Breach.NONE


def test_a_missing_file_lets_the_password_pass(tmp_path):
    settings = make_settings("", tmp_path, breached_passwords=str(tmp_path / "none.txt"))
    assert breaches.look_up(settings, "anything") is Breach.UNKNOWN


def test_without_a_list_nothing_is_breached(tmp_path):
    assert breaches.look_up(make_settings("", tmp_path), "anything") is Breach.NONE


@pytest.fixture
def service(tmp_path):
    return make_settings("", tmp_path, breached_passwords="https://ranges.example/")


def test_the_service_learns_five_digits_only(service):
    asked = []
    breaches.look_up(service, "a password", lambda url: asked.append(url) or Answer(200, {}, b""))
    assert asked == [f"https://ranges.example/range/{digest('a password')[:5]}"]


@pytest.mark.parametrize(("count", "found"), [(7, Breach.FOUND), (0, Breach.NONE)])
def test_the_service_names_the_rest_of_the_hash_and_padding_counts_none(service, count, found):
    body = f"0018A45C4D1DEF81644B54AB7F969B88D65:1\r\n{digest('a password')[5:]}:{count}".encode()
    assert breaches.look_up(service, "a password", lambda _: Answer(200, {}, body)) is found


def test_a_service_that_is_down_lets_the_password_pass(service):
    def down(_):
        raise OutboundFailed("no answer")

    assert breaches.look_up(service, "a password", down) is Breach.UNKNOWN
    assert breaches.look_up(service, "a password", lambda _: Answer(503, {}, b"")) is Breach.UNKNOWN
