"""The console's frame and tables."""

import pytest
from flask.testing import FlaskClient


@pytest.fixture
def shown(client: FlaskClient) -> str:
    """The sample page of the console, in German."""
    return client.get("/sample/console").text


@pytest.mark.parametrize(
    "status",
    [
        "Einladung geplant",
        "Einladung versendet",
        "Aktiv",
        "Einladung abgelaufen",
        "Zustellung fehlgeschlagen",
        "Nicht eingeladen",
        "Gesperrt",
        "Deaktiviert",
    ],
)
def test_each_status_is_a_chip_of_icon_and_word(shown: str, status: str) -> None:
    chip = shown.partition(f"</svg>{status}</span>")[0].rpartition("<span")[2]
    assert chip.startswith(' class="chip ')
    assert '<svg class="icon"' in chip


def test_the_frame_names_customer_and_person(shown: str) -> None:
    for word in ("Muster GmbH", "Kundennummer 2300229", "Max Muster", "Abmelden"):
        assert word in shown


def test_the_current_area_is_marked(shown: str) -> None:
    assert 'aria-current="page">Seiten</a>' in shown


def test_a_row_that_becomes_a_card_keeps_its_labels(shown: str) -> None:
    assert 'role="cell" data-label="Nutzerkennung" class="main breaks"' in shown


def test_row_actions_name_their_row(shown: str) -> None:
    assert 'aria-label="Aktionen für Tanja Testerin"' in shown


def test_times_are_told_to_people_and_programs(shown: str) -> None:
    assert '<time datetime="2026-11-24T09:14:00+00:00">Di., 24.11.2026, 10:14 Uhr</time>' in shown


def test_every_form_carries_the_token(shown: str) -> None:
    assert shown.count('<form method="post"') == shown.count('name="csrf_token"')
