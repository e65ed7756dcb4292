"""A client's picture is fetched by the worker and served from here; pages of ours load nothing from elsewhere."""

from http.server import BaseHTTPRequestHandler

import flask
import pytest
from sqlalchemy import select

from idp.app import worker_of
from idp.oidc.clients import clients, logos
from idp.outbox.tables import Job
from idp.unit_of_work import Units
from tests.http.oidc.browsing import Browser, asking, phone_admin, registered
from tests.http.oidc.registration.conftest import Registrar
from tests.publisher import Publisher

PNG = b"\x89PNG\r\n\x1a\n" + b"picture"
JPEG = b"\xff\xd8\xff\xe0" + b"picture"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 "
LOGO = "https://app.example/logo"


@pytest.fixture
def work_off(app: flask.Flask, published: Publisher):
    """Let the worker do what is due."""
    worker = worker_of(app)
    return worker.drain


@pytest.fixture
def made(registrar: Registrar) -> dict:
    """A client with a picture."""
    return registrar.made(logo_uri=LOGO)


def picture(client, made: dict):
    return client.get(f"/client-logo/{made['client_id']}")


@pytest.mark.parametrize(
    ("content", "media_type"),
    [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp"), (b"GIF89a..", "image/gif"), (b"GIF87a..", "image/gif")],
)
def test_a_picture_is_told_by_its_first_bytes_and_shown_as_nothing_else(client, published, made, work_off, content, media_type) -> None:
    published.documents["/logo"] = content
    assert picture(client, made).status_code == 404
    work_off()
    response = picture(client, made)
    assert (response.status_code, response.data, response.content_type) == (200, content, media_type)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'; sandbox"
    assert response.headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Set-Cookie" not in response.headers
    assert client.get(response.request.path, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<?xml version='1.0'?><svg/>",
        b"<html><script>alert(1)</script>",
        b"GIF88a",
        b"RIFF....WAVE",
        b" " + PNG,
        PNG + b"x" * logos.LARGEST,
    ],
)
def test_what_is_no_small_picture_is_not_kept(client, published: Publisher, made: dict, units: Units, work_off, content: bytes) -> None:
    published.documents["/logo"] = content
    work_off()
    assert picture(client, made).status_code == 404
    with units.read() as work:
        assert work.db.scalar(select(Job.state).where(Job.kind == logos.KIND)) == "failed"


def redirecting(request: BaseHTTPRequestHandler) -> None:
    request.send_response(302)
    request.send_header("Location", "https://app.example/real")
    request.send_header("Content-Length", "0")
    request.end_headers()


@pytest.mark.parametrize("answer", [redirecting, PNG + b"x" * 300_000])
def test_a_redirect_or_an_endless_answer_gives_no_picture(client, published: Publisher, made: dict, work_off, answer) -> None:
    published.documents |= {"/logo": answer, "/real": PNG}
    work_off()
    assert picture(client, made).status_code == 404
    assert published.asked == ["/logo"]


@pytest.mark.parametrize("host", ["inside.example", "metadata.example", "both.example", "127.0.0.1", "localhost", "[::1]"])
def test_no_internal_host_is_called_for_a_picture(published: Publisher, registrar: Registrar, work_off, host: str) -> None:
    registrar.made(logo_uri=f"https://{host}/logo")
    work_off()
    assert published.asked == []


def test_a_changed_address_brings_another_picture_and_none_takes_it_away(client, published, made, units: Units, work_off) -> None:
    published.documents |= {"/logo": PNG, "/new": JPEG}
    work_off()
    with units.write() as work:
        clients.change(work, made["client_id"], {"client_name": "Renamed"})
    assert picture(client, made).data == PNG
    with units.write() as work:
        clients.change(work, made["client_id"], {"logo_uri": "https://app.example/new"})
    assert picture(client, made).status_code == 404, "the old one is no longer wanted"
    work_off()
    assert picture(client, made).data == JPEG
    with units.write() as work:
        clients.change(work, made["client_id"], {"logo_uri": None})
    assert picture(client, made).status_code == 404


def test_a_picture_is_fetched_anew_when_it_is_a_day_old(client, published, made, units: Units, clock, work_off) -> None:
    published.documents["/logo"] = PNG
    work_off()
    published.documents["/logo"] = JPEG
    clock.advance(hours=22)
    logos.refresh(units)
    work_off()
    assert picture(client, made).data == PNG
    clock.advance(hours=2)
    logos.refresh(units)
    work_off()
    assert picture(client, made).data == JPEG


@pytest.mark.parametrize("answer", [None, b"<svg/>", PNG + b"x" * 300_000])
def test_a_picture_stays_while_no_other_can_be_had(client, published, made, units: Units, clock, work_off, answer) -> None:
    published.documents["/logo"] = PNG
    work_off()
    del published.documents["/logo"]
    if answer is not None:
        published.documents["/logo"] = answer
    clock.advance(days=1)
    logos.refresh(units)
    work_off()
    assert picture(client, made).data == PNG
    assert published.asked == ["/logo", "/logo"]


def test_a_picture_that_could_not_be_had_is_asked_for_again_the_next_day(client, published, made, units: Units, clock, work_off) -> None:
    published.documents["/logo"] = b"<html>down for maintenance</html>"
    work_off()
    published.documents["/logo"] = PNG
    clock.advance(days=1)
    logos.refresh(units)
    work_off()
    assert picture(client, made).data == PNG


def test_pictures_of_disabled_clients_and_of_none_are_not_fetched_anew(published, registrar, made, units: Units, clock, work_off) -> None:
    published.documents["/logo"] = PNG
    work_off()
    registrar.made()
    with units.write() as work:
        clients.enable(work, made["client_id"], enabled=False)
    clock.advance(days=2)
    logos.refresh(units)
    work_off()
    assert published.asked == ["/logo"]


def test_a_picture_that_is_no_longer_wanted_is_not_fetched(published: Publisher, made: dict, units: Units, work_off) -> None:
    published.documents["/logo"] = PNG
    with units.write() as work:
        clients.delete(work, made["client_id"])
    work_off()
    assert published.asked == []


def test_of_an_address_that_was_changed_at_once_nothing_is_fetched(published: Publisher, made: dict, units: Units, work_off) -> None:
    published.documents |= {"/logo": PNG, "/new": JPEG}
    with units.write() as work:
        clients.change(work, made["client_id"], {"logo_uri": "https://app.example/new"})
    work_off()
    assert published.asked == ["/new"]


def test_a_disabled_clients_picture_is_not_shown(client, published: Publisher, made: dict, units: Units, work_off) -> None:
    published.documents["/logo"] = PNG
    work_off()
    with units.write() as work:
        clients.enable(work, made["client_id"], enabled=False)
    assert picture(client, made).status_code == 404


@pytest.mark.parametrize("client_id", ["unknown", "%00", "%ED%A0%80", "x" * 5000, "..%2f.."])
def test_nobodys_picture_is_not_found(client, client_id: str) -> None:
    assert client.get(f"/client-logo/{client_id}").status_code == 404


def test_registration_2_sign_in_and_consent_show_picture_policy_and_terms(app, published: Publisher, units: Units, work_off) -> None:
    published.documents["/logo"] = PNG
    about = {"logo_uri": LOGO, "policy_uri": "https://app.example/policy", "tos_uri": "https://app.example/terms"}
    with units.write() as work:
        registered(work, "app", first_party=False, **about)
        account = phone_admin(work)
    without = Browser(app)
    assert "/client-logo/" not in without.get(without.authorize().location).text, "before it was fetched"
    work_off()
    stranger, known = Browser(app), Browser(app)
    known.with_session(account)
    for browser in (stranger, known):
        page = browser.get(browser.authorize(**asking(scope="openid email")).location).text
        assert '<img src="/client-logo/app"' in page, page[-1800:]
        assert LOGO not in page
        assert all(about[name] in page for name in ("policy_uri", "tos_uri"))
