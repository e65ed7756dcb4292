"""Metadata and keys are answered before Flask sees the request, with the very headers that their views send."""

import json

import pytest

from idp.errors import TryAgain
from idp.oidc.keys import rotation
from idp.pages import ready
from idp.unit_of_work import SYSTEM, Units
from tests.conftest import make_settings

DOCUMENTS = ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/jwks"]


def told(answer) -> tuple:
    """All that an answer says, but for the number that each request has for itself."""
    return answer.status_code, sorted((name, value) for name, value in answer.headers if name != "X-Request-ID"), answer.data


@pytest.fixture
def app(fresh_app):
    """An application that has answered nothing yet, and to which the test adds hooks."""
    return fresh_app


@pytest.fixture
def views(app):
    """Count the requests that reach Flask."""
    seen = []
    app.before_request(lambda: seen.append(1))
    return seen


@pytest.mark.parametrize("path", DOCUMENTS)
def test_the_second_answer_is_the_first_without_a_view(client, views, path):
    first, second = client.get(path), client.get(path)
    assert told(first) == told(second)
    assert second.status_code == 200
    assert json.loads(second.data)
    assert len(views) == 1


@pytest.mark.parametrize("path", DOCUMENTS)
def test_rfc9110_13_1_2_who_has_the_document_gets_304_with_the_headers_of_the_view(app, client, views, path):
    etag = client.get(path).headers["ETag"]
    ready_made = client.get(path, headers={"If-None-Match": f'"other", W/{etag}'})
    app.extensions["idp.ready"]._kept.clear()
    by_view = client.get(path, headers={"If-None-Match": etag})
    assert told(ready_made) == told(by_view)
    assert (ready_made.status_code, ready_made.data) == (304, b"")
    assert len(views) == 2


@pytest.mark.parametrize("wanted", ['"other"', "", "nonsense", 'W/"other"'])
def test_another_etag_gets_the_document(client, wanted):
    client.get("/jwks")
    assert client.get("/jwks", headers={"If-None-Match": wanted}).status_code == 200


def test_each_answer_has_a_number_of_its_own(client):
    client.get("/jwks")
    assert client.get("/jwks").headers["X-Request-ID"] != client.get("/jwks").headers["X-Request-ID"]


@pytest.mark.parametrize("headers", [{"Origin": "https://app.example"}, {"Range": "bytes=0-10"}])
def test_requests_of_browsers_go_to_the_view(client, views, headers):
    client.get("/jwks")
    client.get("/jwks", headers=headers)
    assert len(views) == 2


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "POST", "DELETE"])
def test_other_methods_go_to_the_view(client, views, method):
    client.get("/jwks")
    client.open("/jwks", method=method)
    assert len(views) == 2


def test_new_keys_are_published_as_soon_as_this_process_knows_them(client, units, clock):
    before = client.get("/jwks").json["keys"]
    clock.advance(hours=1)
    rotation.rotate(units, SYSTEM, now=True)
    clock.advance(seconds=6)
    after = client.get("/jwks").json["keys"]
    assert {key["kid"] for key in after} > {key["kid"] for key in before}


def test_a_view_is_asked_again_after_a_few_seconds(client, views, monkeypatch):
    client.get("/jwks")
    later = ready.time.monotonic() + 6
    monkeypatch.setattr(ready.time, "monotonic", lambda: later)
    client.get("/jwks")
    assert len(views) == 2


def test_a_refusal_is_not_kept(app, client, views):
    app.before_request(lambda: ("busy", 503) if len(views) == 1 else None)
    assert client.get("/jwks").status_code == 503
    assert client.get("/jwks").status_code == 200


class TestWhileTheDatabaseIsAway:
    """What is in memory is told all the same; what is not, is not invented."""

    @pytest.fixture
    def away(self, units, monkeypatch):
        """Let no unit of work open any more; count the tries."""
        tries = []

        def refuse(*_, **__):
            tries.append(1)
            raise TryAgain("the database is away")

        def leave():
            monkeypatch.setattr(Units, "read", refuse)
            monkeypatch.setattr(Units, "write", refuse)
            return tries

        return leave

    @pytest.mark.parametrize("path", DOCUMENTS)
    def test_documents_are_served_for_an_hour(self, client, clock, away, monkeypatch, path):
        before = told(client.get(path))
        tries = away()
        for minutes in (1, 20, 38):
            clock.advance(minutes=minutes)
            later = ready.time.monotonic() + 6
            monkeypatch.setattr(ready.time, "monotonic", lambda later=later: later)
            for _ in range(3):
                assert told(client.get(path)) == before
        assert len(tries) <= 3, "the database is asked every five seconds, not by each request"

    def test_keys_are_not_served_for_ever(self, client, clock, away):
        client.get("/jwks")
        away()
        clock.advance(hours=1)
        assert client.get("/jwks").status_code == 503

    def test_no_keys_are_invented(self, client, away):
        away()
        assert client.get("/jwks").status_code == 503

    def test_the_health_check_tells_the_truth(self, client, away):
        client.get("/jwks")
        away()
        assert client.get("/health/ready").status_code == 503
        assert client.get("/jwks").status_code == 200

    def test_new_keys_are_read_when_it_is_back(self, client, units, clock, away, monkeypatch):
        client.get("/jwks")
        with monkeypatch.context() as gone:
            gone.setattr(Units, "read", lambda *_, **__: (_ for _ in ()).throw(TryAgain("away")))
            clock.advance(hours=0.5)
            before = client.get("/jwks").json["keys"]
        rotation.rotate(units, SYSTEM, now=True)
        clock.advance(seconds=6)
        assert {key["kid"] for key in client.get("/jwks").json["keys"]} > {key["kid"] for key in before}


class TestBehindAProxyOnAPathWithAStaffHost:
    """The other ways in which an installation can be reached."""

    @pytest.fixture
    def settings(self, database, tmp_path):
        addresses = {"issuer": "https://id.example/sso", "staff_origin": "https://staff.example", "trusted_proxies": 1}
        return make_settings(database, tmp_path, **addresses)

    def test_the_document_is_at_the_issuers_path_too(self, client, views):
        for path in ("/sso/.well-known/openid-configuration", "/.well-known/openid-configuration"):
            assert client.get(path, base_url="https://id.example").json["issuer"] == "https://id.example/sso"
        assert len(views) == 1

    @pytest.mark.parametrize("host", ["id.example:99999", "[", "[::1", "staff.example:x", ""])
    def test_a_host_that_is_none_is_no_failure_of_ours(self, client, host):
        client.get("/jwks", base_url="https://id.example")
        for path in ("/jwks", "/"):
            assert client.get(path, base_url="https://id.example", headers={"Host": host}).status_code < 500

    @pytest.mark.parametrize("host", ["staff.example", "STAFF.example", "staff.example:443"])
    def test_nothing_is_answered_on_the_staffs_host(self, client, host):
        client.get("/jwks", base_url="https://id.example")
        assert client.get("/jwks", base_url=f"https://{host}").status_code == 404

    def test_a_proxys_number_is_taken_over(self, client):
        client.get("/jwks", base_url="https://id.example")
        named = {"X-Request-ID": "number-of-the-proxy", "X-Forwarded-For": "192.0.2.1"}
        assert client.get("/jwks", base_url="https://id.example", headers=named).headers["X-Request-ID"] == "number-of-the-proxy"
