"""The conformance chapter names tests that exist, for each profile, and says openly where there is none."""

import ast
import re
from collections.abc import Iterator
from functools import cache

import pytest

from tests.servers import ROOT

CHAPTER = ROOT / "docs" / "conformance.md"
PROFILES = [
    "Basic",
    "Config",
    "Form Post",
    "Dynamic",
    "3rd-party-initiated login",
    "RP-initiated logout",
    "Back-channel logout",
    "Front-channel logout",
    "FAPI 2.0 Security Profile",
    "FAPI 2.0 Message Signing",
]
NAMED = re.compile(r"`([\w/]+\.py)::(\w+)`")
WITHOUT = "none: "
COUNT = re.compile(r"(\d+) rows, (\d+) of them without a test")


def rows(text: str) -> list[list[str]]:
    """Read the cells of all tables; heads and the lines below them are left out."""
    found: list[list[str]] = []
    lines = text.splitlines()
    for number, line in enumerate(lines):
        head = number + 1 < len(lines) and lines[number + 1].startswith("|---")
        if line.startswith("|") and not line.startswith("|---") and not head:
            found.append([cell.strip() for cell in line.strip("|").split("|")])
    return found


def sections(text: str) -> dict[str, str]:
    """Read the chapter by its headings of the second level."""
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


@cache
def functions(file: str) -> frozenset[str]:
    """Name the test functions of a file below `tests/`; none when there is no such file."""
    path = ROOT / "tests" / file
    if not path.exists():
        return frozenset()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def problems(text: str) -> Iterator[str]:
    """Name each row that proves nothing and does not say so, and each test that does not exist."""
    for cells in rows(text):
        named = NAMED.findall(cells[-1])
        if not named and not cells[-1].startswith(WITHOUT):
            yield f"no test and no reason: {cells[0]}"
        yield from (f"no such test: {file}::{name}" for file, name in named if name not in functions(file))
        if any(not name.startswith("test_") for _, name in named):
            yield f"not a test: {cells[0]}"


@pytest.fixture(scope="module")
def chapter() -> str:
    """The chapter."""
    return CHAPTER.read_text(encoding="utf-8")


def test_each_row_names_tests_that_exist_or_says_why_there_is_none(chapter: str) -> None:
    assert list(problems(chapter)) == []


@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_has_its_table(chapter: str, profile: str) -> None:
    (text,) = [text for heading, text in sections(chapter).items() if heading == profile]
    assert rows(text)
    assert all(len(cells) == 3 for cells in rows(text))


def test_no_requirement_stands_twice_in_a_profile(chapter: str) -> None:
    for text in sections(chapter).values():
        named = [cells[0] for cells in rows(text)]
        assert len(set(named)) == len(named)


def test_the_chapter_counts_its_rows_truthfully(chapter: str) -> None:
    told = COUNT.search(chapter)
    assert told
    every = rows(chapter)
    assert (int(told[1]), int(told[2])) == (len(every), sum(cells[-1].startswith(WITHOUT) for cells in every))


@pytest.mark.parametrize(
    ("last", "found"),
    [
        ("`conformance/test_basic_profile.py::test_oidcc_server`", []),
        ("none: nobody has built it", []),
        ("later", ["no test and no reason: x"]),
        ("`conformance/test_basic_profile.py::test_of_nothing`", ["no such test: conformance/test_basic_profile.py::test_of_nothing"]),
        ("`conformance/flows.py::asks_to_sign_in`", ["not a test: x"]),
    ],
)
def test_a_row_that_proves_nothing_is_noticed(last: str, found: list[str]) -> None:
    assert list(problems(f"| module | requirement | test |\n|---|---|---|\n| x | y | {last} |\n")) == found
