"""Style sheets and scripts: small, kept forever, renamed when they change."""

import gzip
import re

import pytest
from flask.testing import FlaskClient

from idp.pages.assets import OWN

LIMIT = 60 * 1024


def addresses(page: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', page)


@pytest.mark.parametrize("path", ["/sample/form", "/sample/console", "/no/such/page"])
def test_a_page_with_all_it_loads_stays_under_60_kb_compressed(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    loaded = [client.get(address, headers={"Accept-Encoding": "gzip"}).data for address in addresses(page)]
    modules = [gzip.compress(file.read_bytes()) for file in OWN.glob("*.js") if file.name != "pages.js"]
    assert len(loaded) >= 5
    assert len(gzip.compress(page.encode())) + sum(map(len, loaded + modules)) < LIMIT


def test_files_are_kept_forever_under_an_address_of_their_content(client: FlaskClient) -> None:
    for address in addresses(client.get("/sample/console").text):
        assert client.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"


def test_an_address_of_another_version_answers_but_is_not_kept(client: FlaskClient) -> None:
    answer = client.get("/static/000000000000/theme.css")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "public, max-age=60")


def test_a_file_asked_for_again_is_not_sent_again(client: FlaskClient) -> None:
    first = client.get("/static/x/theme.css")
    again = client.get("/static/x/theme.css", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_browser_without_compression_gets_the_plain_file(client: FlaskClient) -> None:
    answer = client.get("/static/x/theme.css", headers={"Accept-Encoding": "identity"})
    assert answer.data == (OWN / "theme.css").read_bytes()


def test_compressed_and_plain_file_have_different_tags(client: FlaskClient) -> None:
    tags = {client.get("/static/x/theme.css", headers={"Accept-Encoding": coding}).headers["ETag"] for coding in ("gzip", "identity")}
    assert len(tags) == 2


@pytest.mark.parametrize("name", ["nothing.css", "..%2Fsetup.py", "%2e%2e/setup.py"])
def test_nothing_else_is_served(client: FlaskClient, name: str) -> None:
    assert client.get(f"/static/x/{name}").status_code == 404


def test_files_set_no_cookie(client: FlaskClient) -> None:
    answer = client.get("/static/x/theme.css?lang=en")
    assert "Set-Cookie" not in answer.headers


def test_the_brand_colour_comes_from_the_settings(client: FlaskClient) -> None:
    assert "--brand-light:" in client.get("/static/x/brand.css").text


def test_a_page_holds_no_inline_style_or_script(client: FlaskClient) -> None:
    for path in ("/sample/form", "/sample/console"):
        page = client.get(path).text
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", page)


def test_every_script_names_the_page_that_it_serves() -> None:
    for file in OWN.glob("*.js"):
        assert file.read_text(encoding="utf-8").startswith("// "), file.name
