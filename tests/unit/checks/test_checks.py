"""The checks of `make check` that are our own: each finds what it is for."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.servers import ROOT

HEAD = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=utf-8\\n"\n\n'


@pytest.fixture
def tree(tmp_path):
    """Write files of a small tree: `tree("idp/a.py", "…")`."""
    subprocess.run(["git", "init", "--quiet", str(tmp_path)], check=True)
    (tmp_path / "idp" / "translations" / "de" / "LC_MESSAGES").mkdir(parents=True)
    (tmp_path / "templates").mkdir()

    def write(name: str, content: str) -> Path:
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content, encoding="utf-8")
        return file

    write.folder = tmp_path
    return write


def found(tree, check: str, *arguments: str) -> str:
    """Run a check in the tree; give what it prints, empty when all is well."""
    command = [sys.executable, str(ROOT / ".ci" / check), *arguments]
    done = subprocess.run(command, cwd=tree.folder, capture_output=True, text=True, check=False)
    assert done.returncode == bool(done.stdout.strip()), done.stderr
    return done.stdout


def german(tree, *entries: tuple[str, str], area: str = "area") -> None:
    texts = "\n\n".join(f'msgid "{message}"\nmsgstr "{string}"' for message, string in entries)
    tree(f"idp/translations/de/LC_MESSAGES/{area}.po", HEAD + texts + "\n")


PYTHON = 'from idp.texts import text\nGREETING = text("Hello {name}", name="x")\n'


def test_a_tree_whose_texts_are_german_is_fine(tree):
    tree("idp/a.py", PYTHON)
    tree("templates/a.html", '{{ _("Sign in") }}{% trans %}Sign out{% endtrans %}')
    german(tree, ("Hello {name}", "Hallo {name}"), ("Sign in", "Anmelden"), ("Sign out", "Abmelden"))
    assert found(tree, "translations.py", "check") == ""


def test_a_text_without_german_is_found_with_its_place(tree):
    tree("idp/a.py", PYTHON)
    tree("templates/a.html", '\n{{ _("Sign in") }}')
    out = found(tree, "translations.py", "check")
    assert "idp/a.py:2: “Hello {name}” has no German text" in out
    assert "templates/a.html:2: “Sign in” has no German text" in out


@pytest.mark.parametrize(
    ("entries", "problem"),
    [
        ([("Hello {name}", "Hallo")], "the values of “Hello {name}” and of its German text differ"),
        ([("Hello {name}", "Hallo {nam}")], "the values of “Hello {name}” and of its German text differ"),
        ([("Hello {name}", "")], "“Hello {name}” has no German text"),
        ([("Hello {name}", "Hallo {name}"), ("Gone", "Weg")], "nothing uses “Gone”"),
    ],
)
def test_a_bad_german_text_is_found(tree, entries, problem):
    tree("idp/a.py", PYTHON)
    german(tree, *entries)
    assert problem in found(tree, "translations.py", "check")


def test_two_german_texts_for_one_message_are_found(tree):
    tree("idp/a.py", PYTHON)
    german(tree, ("Hello {name}", "Hallo {name}"))
    german(tree, ("Hello {name}", "Guten Tag {name}"), area="other")
    assert "has different German texts" in found(tree, "translations.py", "check")


def test_a_computed_message_is_found(tree):
    tree("idp/a.py", "from idp.texts import text\nmessage = str(1)\nGREETING = text(message)\n")
    assert "idp/a.py:3: the message id is computed" in found(tree, "translations.py", "check")


def test_another_librarys_text_is_no_message(tree):
    tree("idp/a.py", 'from sqlalchemy import text\nPING = text("SELECT 1")\n')
    assert found(tree, "translations.py", "check") == ""


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("x = 1\n" * 401, "401 lines, 400 are allowed"),
        ("def f():\n" + "    x = 1\n" * 50, "f has 51 lines, 50 are allowed"),
        ("@blueprint.get('/')\ndef f():\n" + "    x = 1\n" * 25, "f has 26 lines, 25 are allowed"),
        ("x = 1\n" * 400, ""),
        ("def f():\n" + "    x = 1\n" * 49, ""),
        ("@blueprint.get('/')\ndef f():\n" + "    x = 1\n" * 24, ""),
    ],
)
def test_sizes_are_held(tree, source, problem):
    tree("idp/a.py", source)
    out = found(tree, "sizes.py")
    assert problem in out
    assert bool(out) == bool(problem)


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("idp/a.py", "db.commit()\n"),
        ("idp/a.py", "import os\nx = os.environ\n"),
        ("idp/a.py", "from datetime import datetime\nx = datetime.now()\n"),
        ("idp/a.py", "from flask import current_app\n"),
        ("idp/a.py", "from joserfc import jwt\n"),
        ("idp/authn/a.py", "import authlib\n"),
        ("idp/authn/helpers.py", "x = 1\n"),
        ("docs/a.md", "see /" + "work/main/idp\n"),
        ("config/a.lock", "--index-" + "url x\n"),
        ("idp/a.py", "# TO" + "DO later\n"),
    ],
)
def test_what_has_its_one_place_is_found_elsewhere(tree, name, source):
    tree(name, source)
    assert name in found(tree, "forbidden.py")


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("idp/unit_of_work.py", "connection.commit()\n"),
        ("idp/clock.py", "from datetime import UTC, datetime\nx = datetime.now(UTC)\n"),
        ("idp/oidc/clients/a.py", "import authlib\n"),
        ("idp/authn/a.py", "from datetime import datetime\n"),
    ],
)
def test_what_stands_in_its_one_place_is_fine(tree, name, source):
    tree(name, source)
    assert found(tree, "forbidden.py") == ""
