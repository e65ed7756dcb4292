"""Alerts and dashboards ask for what is counted, and for nothing else."""

import json
import re

import pytest

from idp import metrics
from tests.servers import ROOT

CHART = ROOT / "helm" / "idp"
NAME = re.compile(r"\bidp_[a-z_]+")
LABELS = re.compile(r"\b(idp_[a-z_]+)\{([^}]*)\}")
TEMPLATING = re.compile(r"\{\{.*?\}\}")
RULES = TEMPLATING.sub("", (CHART / "templates" / "rules.yaml").read_text(encoding="utf-8"))
DASHBOARDS = sorted((CHART / "dashboards").glob("*.json"))
GROUPING = re.compile(r"\bby \(([\w, ]+)\)")
ADDED = {"le", "namespace"}
"""Labels that buckets and the Prometheus operator add."""
METRICS = [getattr(metrics, name) for name in metrics.__all__ if name.isupper() and name != "CONTENT_TYPE"]


def series() -> dict[str, set[str]]:
    """Give the labels of each series that the page can hold, as Prometheus names them."""
    found = {}
    for metric in METRICS:
        suffixes = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}[metric._type]
        found |= {metric._name + suffix: set(metric._labelnames) | ADDED for suffix in suffixes}
    return found


def expressions() -> dict[str, str]:
    """Give what alerts and panels ask for, by where it stands."""
    asked = {f"rules.yaml {number}": RULES for number in (1,)}
    for file in DASHBOARDS:
        for panel in json.loads(file.read_text(encoding="utf-8"))["panels"]:
            for target in panel.get("targets", ()):
                asked[f"{file.name}: {panel['title']} {target['refId']}"] = target["expr"]
    return asked


EXPRESSIONS = expressions()


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_what_an_alert_or_panel_asks_for_is_counted(where):
    assert set(NAME.findall(EXPRESSIONS[where])) - set(series()) == set()


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_labels_by_which_it_is_narrowed_exist(where):
    known = series()
    for name, narrowing in LABELS.findall(EXPRESSIONS[where]):
        assert set(re.findall(r"(\w+)\s*(?:=|!)", narrowing)) <= known[name], name


@pytest.mark.parametrize("where", [where for where in EXPRESSIONS if "rules" not in where])
def test_labels_by_which_a_panel_groups_exist(where):
    expression, known = EXPRESSIONS[where], series()
    labels = set().union(*(known[name] for name in NAME.findall(expression)))
    grouped = {label.strip() for group in GROUPING.findall(expression) for label in group.split(",")}
    assert grouped <= labels


@pytest.mark.parametrize("where", EXPRESSIONS)
def test_values_by_which_it_is_narrowed_are_counted_somewhere(where):
    program = "".join(file.read_text(encoding="utf-8") for file in (ROOT / "idp").rglob("*.py"))
    asked = {
        value
        for _, narrowing in LABELS.findall(EXPRESSIONS[where])
        for values in re.findall(r'\w+[=!]~?"([a-z_|]+)"', narrowing)
        for value in values.split("|")
    }
    assert {value for value in asked if f'"{value}"' not in program} == set()


def test_a_name_that_nothing_counts_would_be_noticed():
    assert "idp_signins" not in series()
    assert "idp_signins_total" in series()


def test_everything_of_the_metrics_library_that_counts_is_named_for_others():
    library = {name for name, value in vars(metrics).items() if hasattr(value, "_labelnames")}
    assert library == {name for name in metrics.__all__ if name.isupper() and name != "CONTENT_TYPE"}
