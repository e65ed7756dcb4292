"""The runbooks can be followed word by word: each command line parses, each alert has its page, each measured series is counted."""

import itertools
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import yaml

from idp import metrics
from idp.audit import Event
from idp.cli.root import commands
from idp.settings import Settings
from tests.servers import ROOT
from tests.unit.test_docs import FENCE

RUNBOOKS = sorted((ROOT / "docs" / "runbooks").glob("*.md"))
GUIDES = sorted((ROOT / "docs").rglob("*.md"))
RULES = ROOT / "helm" / "idp" / "templates" / "rules.yaml"
COMMAND = re.compile(r"(?:^|\.venv/bin/|-- |\b(?:do|then) )idp (\S[^\n]*)", re.MULTILINE)
ALERT = re.compile(r"\balert: (\w+)")
LEADS_TO = re.compile(r"\balert: (\w+)(?:(?!\balert:).)*?include \"idp\.runbook\" \(list \$ \"([^\"]+)\"\)", re.DOTALL)
NAMED_ALERT = re.compile(r"`(Idp[A-Z]\w+)`")
SERIES = re.compile(r"\b(idp_[a-z_]+?)(?:_bucket|_sum|_count)?(?=[\s{\[()`])")
SELECTED = re.compile(r"\b(idp_[a-z_]+)\{([^}]*)\}")
NO_SERIES = {"idp_browser", "idp_session", "idp_staff", "idp_state"}
"""Cookies."""
EVENT = re.compile(r"--event ([a-z_.]+)")

every_runbook = pytest.mark.parametrize("guide", RUNBOOKS, ids=lambda guide: guide.name)
every_guide = pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: str(guide.relative_to(ROOT)))


def counted() -> dict[str, tuple[str, ...]]:
    """Name every series that is counted, as it is asked for, with its labels."""
    measured = [getattr(metrics, name) for name in metrics.__all__ if name.isupper() and name != "CONTENT_TYPE"]
    found = {}
    for metric in measured:
        (family,) = metric.collect()
        found[family.name + ("_total" if family.type == "counter" else "")] = metric._labelnames
    return found


def refusal(words: list[str]) -> str:
    """Parse a command line as the command does, without running it; give what it refuses."""
    try:
        with commands.make_context("idp", words) as context:
            return _refusal_below(context)
    except click.UsageError as error:
        return error.format_message()


def _refusal_below(context: click.Context) -> str:
    group = context.command
    assert isinstance(group, click.Group)
    name, command, rest = group.resolve_command(context, [*context._protected_args, *context.args])
    assert command
    with command.make_context(name, rest, parent=context) as below:
        return _refusal_below(below) if isinstance(command, click.Group) else ""


def command_lines(guide: Path) -> Iterator[list[str]]:
    """Yield the command lines that a page shows as code; what a file or a variable of the shell stands for, exists."""
    text = guide.read_text(encoding="utf-8").replace("\\\n", " ")
    for piece in [*FENCE.findall(text), *re.findall(r"`([^`\n]+)`", FENCE.sub("", text))]:
        for line in COMMAND.findall(piece):
            words = list(itertools.takewhile(lambda word: word not in {"|", "||", "&&", ">", ">>"}, shlex.split(line.split(";")[0])))
            if words[0] not in {"…", "command"}:
                yield ["new-jwks.json" if word == "$file" else word for word in words]


@every_runbook
def test_every_command_of_a_runbook_is_taken_as_it_stands(guide: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "new-jwks.json").write_text("{}", encoding="utf-8")
    said = {" ".join(words): refusal(words) for words in command_lines(guide)}
    assert {line: problem for line, problem in said.items() if problem} == {}


@every_guide
def test_every_series_that_a_guide_asks_for_is_counted(guide: Path) -> None:
    known = counted()
    asked = {name.removesuffix("_") for name in SERIES.findall(guide.read_text(encoding="utf-8"))} - NO_SERIES
    assert {name for name in asked if name not in known and f"{name}_total" not in known} == set()


@every_guide
def test_every_label_that_a_guide_selects_by_exists(guide: Path) -> None:
    known = counted()
    for name, selection in SELECTED.findall(guide.read_text(encoding="utf-8")):
        labels = {label.strip() for label in re.findall(r"(\w+)\s*[!=]", selection)} - {"le"}
        series = re.sub(r"_(bucket|sum|count)$", "", name)
        assert labels <= set(known[series]), f"{name}{{{selection}}}"


@every_guide
def test_every_audit_event_that_a_guide_asks_for_exists(guide: Path) -> None:
    assert set(EVENT.findall(guide.read_text(encoding="utf-8"))) - {event.value for event in Event} == set()


def test_every_alert_has_its_runbook() -> None:
    alerts = set(ALERT.findall(RULES.read_text(encoding="utf-8")))
    table = (ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    assert alerts - set(NAMED_ALERT.findall(table)) == set()


def test_every_alert_leads_to_the_page_and_heading_that_tell_of_it() -> None:
    rules = RULES.read_text(encoding="utf-8")
    led = dict(LEADS_TO.findall(rules))
    assert set(led) == set(ALERT.findall(rules))
    for alert, target in led.items():
        name, _, anchor = target.partition("#")
        page = ROOT / "docs" / "runbooks" / name
        assert f"`{alert}`" in page.read_text(encoding="utf-8"), alert
        assert not anchor or anchor in anchors_of(page), target


@every_runbook
def test_every_alert_that_a_runbook_names_exists(guide: Path) -> None:
    assert set(NAMED_ALERT.findall(guide.read_text(encoding="utf-8"))) - set(ALERT.findall(RULES.read_text(encoding="utf-8"))) == set()


def test_every_runbook_stands_in_the_table() -> None:
    table = (ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in RUNBOOKS if page.name != "README.md" and f"({page.name}" not in table] == []


@every_runbook
def test_a_runbook_is_one_page(guide: Path) -> None:
    assert len(guide.read_text(encoding="utf-8").splitlines()) <= 110


@every_guide
def test_every_heading_that_a_link_leads_to_exists(guide: Path) -> None:
    for target, anchor in re.findall(r"\]\(([^)#\s]*)#([^)]+)\)", guide.read_text(encoding="utf-8")):
        if "://" not in target:
            led_to = (guide.parent / target) if target else guide
            assert anchor in anchors_of(led_to), f"{target}#{anchor}"


def anchors_of(guide: Path) -> set[str]:
    """Name the anchors that a page's headings get where it is shown."""
    headings = re.findall(r"^#+ (.+)$", guide.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def unknown_values(given: dict, known: dict, at: str = "") -> set[str]:
    """Name the values of the chart that do not exist; `settings`, annotations and amounts of resources are free."""
    found = set()
    for name, value in given.items():
        if name not in known:
            found.add(at + name)
        elif isinstance(value, dict) and isinstance(known[name], dict) and name not in {"settings", "resources"}:
            found |= unknown_values(value, known[name], f"{at}{name}.")
    return found


@pytest.mark.parametrize("guide", [*RUNBOOKS, ROOT / "docs" / "sizing.md"], ids=lambda guide: guide.name)
def test_every_value_of_the_chart_that_a_guide_sets_exists(guide: Path) -> None:
    known = yaml.safe_load((ROOT / "helm" / "idp" / "values.yaml").read_text(encoding="utf-8"))
    for fence in re.findall(r"^```yaml\n(.*?)^```$", guide.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL):
        given = yaml.safe_load(fence)
        assert unknown_values(given, known) == set()
        assert {name for name in given.get("settings", {}) if name not in Settings.model_fields} == set()


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("account lock", "Missing argument 'ACCOUNT'."),
        ("account create --username x", "Missing option"),
        ("keys rotate --now now", "Got unexpected extra argument"),
        ("audit export --event pin.eaten", "Invalid value for '--event'"),
        ("account lock NAME", ""),
        ("keys list", ""),
    ],
)
def test_a_command_that_would_be_refused_is_noticed(line: str, problem: str) -> None:
    found = refusal(line.split())
    assert found.startswith(problem)
    assert bool(found) == bool(problem)
