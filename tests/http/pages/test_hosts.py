"""One public address for pages; machines may use any."""

import pytest
from flask.testing import FlaskClient

from idp.settings import Settings
from tests.conftest import make_settings


def test_a_page_on_another_host_name_is_found_at_the_issuers(client: FlaskClient) -> None:
    answer = client.get("/sample/form?a=1&b=%C3%BC", base_url="http://127.0.0.1")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "http://localhost/sample/form?a=1&b=%C3%BC"


def test_another_port_is_another_address(client: FlaskClient) -> None:
    assert client.get("/sample/form", base_url="http://localhost:8123").headers["Location"] == "http://localhost/sample/form"


def test_the_issuers_own_name_is_answered(client: FlaskClient) -> None:
    assert client.get("/sample/form", base_url="http://LOCALHOST").status_code == 200


def test_a_posted_form_is_not_sent_elsewhere(client: FlaskClient) -> None:
    assert client.post("/sample/form", base_url="http://127.0.0.1").status_code == 400


def test_machines_are_answered_on_any_host(client: FlaskClient) -> None:
    assert client.get("/machine/works", base_url="http://10.0.0.7:8000").status_code == 200


@pytest.mark.parametrize("host", ["a:b:c", "localhost:99999", "[::1", "x y"])
def test_a_broken_host_name_is_no_server_error(client: FlaskClient, host: str) -> None:
    assert client.get("/sample/form", headers={"Host": host}).status_code < 500


class TestStaffOrigin:
    """An origin of the staff's own."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return make_settings(settings.database_address, settings.data_dir, staff_origin="http://staff.localhost")

    def test_is_left_alone(self, client: FlaskClient) -> None:
        assert client.get("/sample/form", base_url="http://staff.localhost").status_code in (200, 404)


class TestIssuerWithPath:
    """An issuer below a path of its host."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return make_settings(settings.database_address, settings.data_dir, issuer="http://localhost/login")

    @pytest.mark.parametrize("asked", ["/login/sample/form", "/sample/form"])
    def test_answers_whether_or_not_the_proxy_strips_the_path(self, client: FlaskClient, asked: str) -> None:
        page = client.get(asked)
        assert page.status_code == 200
        assert 'href="/login/static/' in page.text

    def test_is_found_again_from_another_host_name(self, client: FlaskClient) -> None:
        answer = client.get("/login/sample/form?a=1", base_url="http://127.0.0.1")
        assert answer.headers["Location"] == "http://localhost/login/sample/form?a=1"

    def test_takes_no_other_path_for_its_own(self, client: FlaskClient) -> None:
        assert client.get("/loginsample/form").status_code == 404

    def test_forms_work(self, client: FlaskClient) -> None:
        token = client.get("/login/sample/form").text.partition('name="csrf_token" value="')[2].partition('"')[0]
        assert client.post("/login/sample/told", data={"csrf_token": token}).status_code == 302


class TestBehindProxies:
    """Two proxies of ours stand before the provider."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return make_settings(settings.database_address, settings.data_dir, issuer="https://login.example", trusted_proxies=2)

    def test_what_they_say_of_host_and_scheme_is_believed(self, client: FlaskClient) -> None:
        said = {"X-Forwarded-Host": "login.example, inner", "X-Forwarded-Proto": "https, http"}
        assert client.get("/sample/form", headers=said).status_code == 200

    def test_what_a_caller_says_before_them_is_not(self, client: FlaskClient) -> None:
        said = {"X-Forwarded-Host": "login.example, evil.example, inner", "X-Forwarded-Proto": "https, http"}
        assert client.get("/sample/form", headers=said).headers["Location"] == "https://login.example/sample/form"


def test_without_proxies_nobodys_word_on_the_host_counts(client: FlaskClient) -> None:
    assert client.get("/sample/form", headers={"X-Forwarded-Host": "evil.example"}).status_code == 200


def test_what_is_written_in_percents_stays_so_on_the_way_to_the_issuer(client: FlaskClient) -> None:
    answer = client.get("/a%0Ab%3Fc/%23?d=%0A", base_url="http://127.0.0.1")
    assert answer.headers["Location"] == "http://localhost/a%0Ab%3Fc/%23?d=%0A"


@pytest.mark.parametrize("host", ["a b", "localhost@evil.example", "localhost/x", "\xff\xfe"])
def test_a_name_that_is_none_is_led_to_the_issuers_too(client: FlaskClient, host: str) -> None:
    answer = client.get("/sample/form", headers={"Host": host})
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://localhost/sample/form")
