"""The dashboards by Grafana's own types, and their queries by Prometheus' own parser."""

import json
import re
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.helm.building import built
from tests.helm.conftest import CHART, EVERYTHING, module_folder

pytestmark = pytest.mark.slow

DASHBOARDS = sorted((CHART / "dashboards").glob("*.json"))
GRAFANA = "github.com/grafana/grafana-foundation-sdk/go@v0.0.22"
WIDTH = 24
"""Columns of a dashboard."""

every_dashboard = pytest.mark.parametrize("file", DASHBOARDS, ids=lambda file: file.stem)


def read(file) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def understood(file) -> subprocess.CompletedProcess[str]:
    return subprocess.run([built("documents", "./dashboard"), str(file)], capture_output=True, text=True, check=False)


def lost(given: Any, taken: Any, at: str = "") -> Iterator[str]:
    """Name what somebody wrote and the reader did not take; an empty list may be left out."""
    if isinstance(given, dict):
        for name, value in given.items():
            if value not in ([], {}):
                yield from lost(value, taken.get(name) if isinstance(taken, dict) else None, f"{at}.{name}")
    elif isinstance(given, list) and isinstance(taken, list) and len(given) == len(taken):
        for number, (one, other) in enumerate(zip(given, taken, strict=True)):
            yield from lost(one, other, f"{at}[{number}]")
    elif given != taken:
        yield at


@every_dashboard
def test_grafana_takes_each_member_and_misses_none(file):
    done = understood(file)
    assert done.stderr == ""
    assert list(lost(read(file), json.loads(done.stdout))) == []


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        (('"title": "Sign-ins by', '"titel": "Sign-ins by'), "unexpected field 'titel'"),
        (('"timezone": "browser"', '"timezone": 7'), "timezone"),
    ],
)
def test_what_grafana_does_not_know_is_noticed(tmp_path, wrong, named):
    text = (CHART / "dashboards" / "people.json").read_text(encoding="utf-8")
    assert wrong[0] in text
    (tmp_path / "wrong.json").write_text(text.replace(*wrong))
    assert named in understood(tmp_path / "wrong.json").stderr


def test_a_misspelt_legend_is_noticed(tmp_path):
    text = (CHART / "dashboards" / "people.json").read_text(encoding="utf-8")
    (tmp_path / "wrong.json").write_text(text.replace('"legendFormat"', '"legend_format"'))
    done = understood(tmp_path / "wrong.json")
    assert any("legend_format" in name for name in lost(read(tmp_path / "wrong.json"), json.loads(done.stdout)))


@every_dashboard
def test_each_panel_has_its_own_number_and_place(file):
    panels = read(file)["panels"]
    numbers = [panel["id"] for panel in panels]
    assert len(numbers) == len(set(numbers))
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= WIDTH, panel["title"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert taken.isdisjoint(cells), panel["title"]
        taken |= cells
        references = [target["refId"] for target in panel["targets"]]
        assert len(references) == len(set(references)), panel["title"]


@every_dashboard
def test_each_panel_asks_the_chosen_source_in_a_unit_that_grafana_has(file):
    source = (module_folder(GRAFANA) / "units" / "types_gen.go").read_text()
    units = set(re.findall(r'^const \w+ = "([^"]+)"$', source, re.MULTILINE))
    for panel in read(file)["panels"]:
        assert panel["datasource"] == {"type": "prometheus", "uid": "${source}"}, panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in units, panel["title"]
        for target in panel["targets"]:
            assert target.get("datasource", panel["datasource"]) == panel["datasource"]


@every_dashboard
def test_variables_that_are_used_are_asked_for(file):
    given = {variable["name"] for variable in read(file)["templating"]["list"]}
    own = {"__range", "__interval", "__rate_interval"}
    assert given == set(re.findall(r"\$\{?(\w+)", file.read_text(encoding="utf-8"))) - own - {"__all"}


def test_each_dashboard_is_known_by_its_own_name():
    names = [read(file)["uid"] for file in DASHBOARDS]
    assert len(names) == len(set(names))
    assert all(len(name) <= 40 for name in names)


def test_prometheus_can_read_every_query(tmp_path):
    rules = []
    for file in DASHBOARDS:
        for panel in read(file)["panels"]:
            for target in panel["targets"]:
                query = re.sub(r"\$__(range|rate_interval|interval)\b", "5m", target["expr"])
                rules.append({"record": f"{file.stem}:panel_{panel['id']}:{target['refId']}", "expr": query})
    assert len(rules) > len(DASHBOARDS)
    (tmp_path / "queries.yaml").write_text(yaml.safe_dump({"groups": [{"name": "queries", "rules": rules}]}))
    promtool = built("promtool", "github.com/prometheus/prometheus/cmd/promtool", "-tags", "remove_all_sd")
    done = subprocess.run([promtool, "check", "rules", str(tmp_path / "queries.yaml")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_what_the_chart_hands_to_grafana_is_each_file_as_it_stands(render):
    (made,) = [one for one in render("production", EVERYTHING) if one["metadata"]["name"].endswith("-dashboards")]
    assert {name: json.loads(text) for name, text in made["data"].items()} == {file.name: read(file) for file in DASHBOARDS}
