"""The documentation names what exists: folders, files, functions, commands, settings, metrics; and its links lead somewhere."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from idp import metrics
from idp.cli.root import commands
from idp.settings import Settings
from tests.servers import ROOT

PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "clients").glob("*/README.md"),
    ]
)
TOP_FOLDERS = r"idp|templates|tests|clients|config|docs|bench|\.ci"
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
PATH = re.compile(rf"`((?:{TOP_FOLDERS})/[\w./-]*)`")
FUNCTION = re.compile(r"`([a-z_]+)\.([A-Za-z_]+)(?:\(\))?`")
FUNCTION_OF_FILE = re.compile(rf"`((?:{TOP_FOLDERS})/[\w/]+\.py)` `([A-Za-z_]+)`")
NO_FUNCTIONS = {"html", "jinja", "json", "lock", "md", "po", "py", "toml"}
COMMAND = re.compile(r"(?:^|(?<=[\s`(/]))idp ([a-z][a-z-]*[^`\n]*)")
SETTING = re.compile(r"\bIDP_([A-Z][A-Z_]*[A-Z])\b")
METRIC = re.compile(r"`(idp_[a-z_]+)`")
NO_SETTINGS = {"CONFIG", "MASTER_SECRET_FILE", "MASTER_SECRET_PREVIOUS_FILE"}
COOKIES = {"idp_browser", "idp_session", "idp_staff", "idp_state"}

every_guide = pytest.mark.parametrize("guide", PAGES, ids=lambda guide: str(guide.relative_to(ROOT)))


def folders_with_modules() -> set[str]:
    """Name the folders of the provider that hold modules under version control."""
    listed = subprocess.run(["git", "ls-files", "idp/*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return {f"{Path(line).parent}/" for line in listed.splitlines() if (ROOT / line).exists()}


def commands_in(guide: Path) -> Iterator[list[str]]:
    """Yield the words of each `idp …` command that a page shows as code; `a|b` stands for two commands."""
    text = guide.read_text(encoding="utf-8").replace("\\\n", " ")
    code = [*FENCE.findall(text), *re.findall(r"`[^`\n]+`", FENCE.sub("", text))]
    for found in (match for piece in code for match in COMMAND.findall(piece)):
        words = shlex.split(re.split(r"\s[|#>] |\)\s*$", found)[0], comments=True)
        verbs = words[1].split("|") if len(words) > 1 else [""]
        yield from ([words[0], verb, *words[2:]] for verb in verbs)


def problem_of(words: list[str]) -> str:
    """Tell what the command line does not know of a command; empty when it knows all."""
    context = click.Context(commands)
    command = commands.get_command(context, words[0])
    rest = [word for word in words[1:] if word]
    if command is None:
        return f"no noun {words[0]}"
    if isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
        verb = command.get_command(context, rest.pop(0))
        if verb is None:
            return f"no verb {' '.join(words[:2])}"
        command = verb
    known = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    unknown = [word for word in rest if word.startswith("--") and word.partition("=")[0] not in known]
    return f"{' '.join(words[:2])}: no {', '.join(unknown)}" if unknown else ""


def named_in_code(module: str, name: str) -> bool | None:
    """Tell whether a module of this name has a function, class or value of that name; None where there is no such module."""
    files = [*(ROOT / "idp").rglob(f"{module}.py"), *(ROOT / "clients").rglob(f"{module}.py")]
    files += [file for folder in (ROOT / "idp").rglob(module) if folder.is_dir() for file in folder.glob("*.py")]
    return any(defines(file, name) for file in files) if files else None


def defines(file: Path, name: str) -> bool:
    """Tell whether a module defines a function, class or value of a name."""
    return bool(re.search(rf"^\s*(?:def|class) {name}\b|^{name}\b.*=", file.read_text(encoding="utf-8"), re.MULTILINE))


def test_the_map_names_every_folder_of_the_provider() -> None:
    on_the_map = set(PATH.findall((ROOT / "docs" / "map.md").read_text(encoding="utf-8")))
    assert folders_with_modules() - on_the_map == set()


@every_guide
def test_every_path_that_a_page_names_exists(guide: Path) -> None:
    assert [path for path in PATH.findall(guide.read_text(encoding="utf-8")) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("guide", ["lifecycle.md", "patterns.md"])
def test_every_function_that_a_page_names_exists(guide: str) -> None:
    text = FENCE.sub("", (ROOT / "docs" / guide).read_text(encoding="utf-8"))
    of_module = [(module, name) for module, name in FUNCTION.findall(text) if name not in NO_FUNCTIONS]
    assert [f"{module}.{name}" for module, name in of_module if named_in_code(module, name) is False] == []
    assert [f"{file} {name}" for file, name in FUNCTION_OF_FILE.findall(text) if not defines(ROOT / file, name)] == []


@every_guide
def test_every_relative_link_leads_to_a_file(guide: Path) -> None:
    links = [link for link in LINK.findall(FENCE.sub("", guide.read_text(encoding="utf-8"))) if "://" not in link]
    assert [link for link in links if not (guide.parent / link).exists()] == []


@every_guide
def test_every_command_that_a_page_shows_is_known_with_its_options(guide: Path) -> None:
    assert [problem for words in commands_in(guide) if (problem := problem_of(words))] == []


@every_guide
def test_every_setting_that_a_page_names_exists(guide: Path) -> None:
    named = set(SETTING.findall(guide.read_text(encoding="utf-8"))) - NO_SETTINGS
    assert {name for name in named if name.lower() not in Settings.model_fields} == set()


@every_guide
def test_every_metric_that_a_page_names_is_counted(guide: Path) -> None:
    measured = [getattr(metrics, name) for name in metrics.__all__ if name.isupper() and name != "CONTENT_TYPE"]
    known = {sample.name for metric in measured for sample in metric.collect()}
    named = {name.removesuffix("_total") for name in METRIC.findall(guide.read_text(encoding="utf-8"))} - COOKIES
    assert named - known == set()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("widget list", "no noun widget"),
        ("client paint my-app", "no verb client paint"),
        ("client create --name x --colour red", "client create: no --colour"),
        ("serve --port 8000 --workers 2", ""),
        ("demo", ""),
    ],
)
def test_a_command_that_does_not_exist_is_noticed(line: str, problem: str) -> None:
    assert problem_of(line.split()) == problem
