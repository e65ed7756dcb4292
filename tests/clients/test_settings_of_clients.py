"""Both apps' settings: what is missing or wrong is one line that names the variable; and their words are complete."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import cloudphone.german
import cloudphone.settings
import portal.german
import portal.settings
import pytest
from portal import demo_data, pages, refusals, tiles

FOLDER = Path(__file__).parents[2] / "clients"
REQUIRED = ["ISSUER", "CLIENT_ID", "CLIENT_SECRET", "BASE_URL", "SESSION_SECRET"]
APPS = {
    "portal": (portal.settings, "PORTAL_", ["CLOUDPHONE_INITIATE_URL"]),
    "cloudphone": (cloudphone.settings, "CLOUDPHONE_", ["PORTAL_URL"]),
}


@pytest.fixture(params=["portal", "cloudphone"])
def app_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def environment(app_name: str, request: pytest.FixtureRequest) -> dict[str, str]:
    found: dict[str, str] = request.getfixturevalue(f"{app_name}_environment")
    return found


def read(app_name: str, environment: dict[str, str]) -> object:
    return APPS[app_name][0].from_environment(environment)


def test_a_missing_setting_is_named(app_name: str, environment: dict[str, str]) -> None:
    module, prefix, more = APPS[app_name]
    for name in REQUIRED + more:
        with pytest.raises(module.SettingsError, match=f"^{prefix}{name} is missing$"):
            read(app_name, {key: value for key, value in environment.items() if key != prefix + name})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://idp.example.com"),
        ("ISSUER", "idp.example.com"),
        ("ISSUER", "https://"),
        ("BASE_URL", "https://app.example.com/path"),
        ("BASE_URL", "http://app.example.com"),
        ("SESSION_SECRET", "too short"),
        ("SESSION_HOURS", "0"),
        ("SESSION_IDLE_MINUTES", "ten"),
    ],
)
def test_a_wrong_setting_is_named(app_name: str, environment: dict[str, str], name: str, value: str) -> None:
    module, prefix, _ = APPS[app_name]
    with pytest.raises(module.SettingsError, match=f"^{prefix}{name} "):
        read(app_name, {**environment, prefix + name: value})


def test_every_variable_that_is_read_stands_in_the_readme(app_name: str) -> None:
    source = (FOLDER / app_name / "settings.py").read_text(encoding="utf-8")
    readme = (FOLDER / app_name / "README.md").read_text(encoding="utf-8")
    names = re.findall(r'environ, "([A-Z_]+)"', source)
    assert len(names) > 10
    assert [name for name in names if f"`{APPS[app_name][1]}{name}`" not in readme] == []


@pytest.mark.parametrize("words", [portal.german, cloudphone.german], ids=["portal", "cloudphone"])
def test_every_message_of_the_templates_has_german_words(words: ModuleType) -> None:
    folder = Path(str(words.__file__)).parent / "templates"
    messages = {match for page in folder.glob("*.html") for match in re.findall(r'_\("([^"]+)"', page.read_text(encoding="utf-8"))}
    messages |= {match for page in folder.glob("*.html") for match in re.findall(r"_\('([^']+)'", page.read_text(encoding="utf-8"))}
    assert len(messages) > 20
    assert messages - words.GERMAN.keys() == set()


@pytest.mark.parametrize("words", [portal.german, cloudphone.german], ids=["portal", "cloudphone"])
def test_german_keeps_the_values_of_each_message(words: ModuleType) -> None:
    wrong = [english for english, german in words.GERMAN.items() if set(re.findall(r"{\w+}", english)) != set(re.findall(r"{\w+}", german))]
    assert wrong == []


def test_the_portals_tables_have_german_words() -> None:

    messages = {tile.title for tile in tiles.TILES} | {tile.text for tile in tiles.TILES} | set(tiles.ROLE_NAMES.values())
    messages |= {words for entry in pages.LISTS.values() for words in entry} | set(refusals.SIGN_IN_TEXTS.values())
    messages |= {words for entry in refusals.PAGES.values() for words in entry} | set(refusals.OTHERWISE)
    for page in pages.LISTS:
        for entry in demo_data.entries(page, demo_data.DEMO_CUSTOMER):
            messages |= {entry.title, entry.state}
    assert messages - portal.german.GERMAN.keys() == set()
