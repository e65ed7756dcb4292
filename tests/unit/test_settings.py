"""Settings that cannot be used: each mistake is named, with what to do about it, all at once."""

import json
from pathlib import Path
from typing import Any

import pytest

from idp.cli import root
from idp.errors import SettingsError
from idp.settings import WrongSettings, load_settings, master_secret

FINE = {
    "profile": "production",
    "issuer": "https://login.example.com",
    "master_secret": "Jw3kN0mDq8vTzR5yXc1LpG7hFb2sAe9u",
    "database_url": "postgresql://idp:Jw3kN0mDq8vT@database/idp",
}


def mistakes(**changes: Any) -> list[str]:
    """What is wrong with production's settings after these changes; None leaves one out."""
    known = {name: value for name, value in (FINE | changes).items() if value is not None}
    try:
        load_settings(**known)
    except WrongSettings as error:
        return list(error.mistakes)
    return []


def test_production_as_it_should_be_has_no_mistake() -> None:
    assert mistakes() == []


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"issuer": "http://login.example.com"}, "issuer: set IDP_ISSUER to an https address"),
        ({"issuer": None}, "issuer: set IDP_ISSUER to an https address"),
        ({"issuer": "https://login.example.com/"}, "issuer: must not end with a slash"),
        ({"issuer": "https://login.example.com?x=1"}, "issuer: must be an http(s) address"),
        ({"portal_url": "http://portal.example.com"}, "portal_url: set IDP_PORTAL_URL to an https address"),
        ({"staff_origin": "http://staff.example.com"}, "staff_origin: must be an origin such as https://"),
        ({"limits_factor": 100}, "limits_factor: must be 1"),
        ({"mail_sender": "demo"}, "mail_sender: the demo sender is refused"),
        ({"sms_sender": "demo"}, "sms_sender: the demo sender is refused"),
        ({"master_secret": None}, "master_secret: set IDP_MASTER_SECRET or IDP_MASTER_SECRET_FILE"),
        ({"master_secret": "short"}, "master_secret: is no secret"),
        ({"master_secret": "a secret for tests that is long enough to be one"}, "master_secret: is no secret"),
        ({"master_secret": "Change-Me-Change-Me-Change-Me-Change-Me"}, "master_secret: is no secret"),
        ({"database_url": "postgresql://idp:idp@database/idp"}, "database_url: its password is one that everybody tries"),
        ({"database_direct_url": "postgresql://idp:changeme@database/idp"}, "database_direct_url: its password is one that everybody"),
        (
            {"database_url": "mysql://idp:Jw3kN0mDq8vT@database/idp"},
            "database_url: set IDP_DATABASE_URL to an address such as postgresql://",
        ),
        ({"database_url": None, "replicas": 2}, "database_url: SQLite serves one replica only; set IDP_DATABASE_URL"),
        ({"database_url": None, "replicas": 2, "profile": "small"}, "database_url: SQLite serves one replica only"),
        ({"database_url": None, "database_pooler": True}, "database_pooler: only PostgreSQL has a pooler"),
        ({"master_secret_previous": FINE["master_secret"]}, "master_secret_previous: is the master secret itself"),
        ({"port": "http"}, "port: Input should be a valid integer"),
        ({"isuer": "x"}, "isuer: no such setting; do you mean issuer?"),
        ({"nonsense_of_ours": "x"}, "nonsense_of_ours: no such setting"),
    ],
)
def test_a_mistake_is_named_with_its_mend(change: dict[str, Any], named: str) -> None:
    found = mistakes(**change)
    assert len(found) == 1, found
    assert found[0].startswith(named)


def test_all_mistakes_are_named_at_once() -> None:
    found = mistakes(issuer="http://login.example.com", sms_sender="demo", master_secret=None, database_url=None, replicas=3)
    assert [line.partition(":")[0] for line in found] == ["database_url", "issuer", "sms_sender", "master_secret"]


def test_a_wrong_type_names_its_variable() -> None:
    assert mistakes(port="http")[0].endswith("(IDP_PORT)")


def test_no_mistake_tells_a_secret() -> None:
    found = mistakes(master_secret="short but secret", database_url="postgresql://idp:changeme-please@database/idp")
    assert len(found) == 2
    assert not [line for line in found if "short but" in line or "changeme-please" in line]


def test_sqlite_on_one_node_may_be_production() -> None:
    assert mistakes(database_url=None) == []


def test_conveniences_are_fine_elsewhere(tmp_path: Path) -> None:
    settings = load_settings(profile="small", mail_sender="demo", sms_sender="demo", limits_factor=100, data_dir=tmp_path)
    assert master_secret(settings) == (tmp_path / "master-secret").read_text().strip()


# --- idp settings check


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path) -> Any:
    """Run it with these variables; gives exit code, standard output and standard error."""

    def run(*arguments: str, **variables: str) -> tuple[int, str, str]:
        monkeypatch.setenv("IDP_DATA_DIR", str(tmp_path))
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        capfd.readouterr()
        return (root.run(["settings", "check", *arguments]), *capfd.readouterr())

    return run


def test_the_check_has_a_line_for_each_mistake(check: Any) -> None:
    code, output, errors = check("--profile", "production", IDP_ISUER="https://login.example.com", IDP_SMTP_CA_FILE="nowhere.pem")
    assert (code, output) == (1, "")
    assert [line.partition(": ")[2].partition(":")[0] for line in errors.splitlines()] == ["IDP_ISUER", "issuer", "master_secret"]
    assert "do you mean IDP_ISSUER?" in errors


def test_the_check_as_json_is_one_document(check: Any) -> None:
    code, output, _ = check("--profile", "production", "--json")
    told = json.loads(output)
    assert (code, told["error"]) == (1, "settings")
    assert "IDP_ISSUER" in told["message"]
    assert "IDP_MASTER_SECRET" in told["message"]


def test_the_check_looks_for_files(check: Any) -> None:
    code, _, errors = check(IDP_SMTP_CA_FILE="nowhere.pem", IDP_BRAND_LOGO="")
    assert code == 1
    assert errors.startswith("idp: smtp_ca_file: cannot read nowhere.pem; correct IDP_SMTP_CA_FILE")


def test_the_check_makes_nothing(check: Any, tmp_path: Path) -> None:
    assert check()[0] == 0
    assert not list(tmp_path.iterdir())


def test_variables_of_a_cluster_are_no_mistakes(check: Any) -> None:
    assert check(IDP_SERVICE_HOST="10.0.0.1", IDP_PORT_8000_TCP_ADDR="10.0.0.1", IDP_SERVICE_PORT="8000")[0] == 0


def test_a_secrets_file_that_cannot_be_read_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDP_MASTER_SECRET_PREVIOUS_FILE", "nowhere")
    with pytest.raises(SettingsError, match="master_secret_previous: cannot read nowhere"):
        load_settings()
