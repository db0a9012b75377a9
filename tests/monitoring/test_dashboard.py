"""The Grafana dashboard: existing metrics, valid PromQL, and panels that do not overlap."""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.monitoring.conftest import Promtool
from tests.monitoring.rules import ROOT, unknown_label_values, unknown_metrics

DASHBOARD: dict[str, Any] = json.loads((ROOT / "deploy" / "grafana" / "fleet.json").read_text())
PANELS: list[dict[str, Any]] = DASHBOARD["panels"]
GRAPHS = [panel for panel in PANELS if panel["type"] != "row"]


def expressions() -> list[str]:
    """Return every expression of panels, annotations and variables."""
    found = [target["expr"] for panel in GRAPHS for target in panel["targets"]]
    found += [annotation["expr"] for annotation in DASHBOARD["annotations"]["list"]]
    variables = [variable["query"]["query"] for variable in queried_variables()]
    return found + [match[1] for text in variables if (match := re.fullmatch(r"label_values\((.+), \w+\)", text))]


def queried_variables() -> list[dict[str, Any]]:
    """Return the variables whose values come from a query."""
    return [variable for variable in DASHBOARD["templating"]["list"] if variable["type"] == "query"]


@pytest.mark.parametrize("expression", expressions())
def test_an_expression_uses_existing_metrics_and_reasons(expression: str) -> None:
    assert "reconciler_" in expression
    assert unknown_metrics(expression) == set()
    assert unknown_label_values(expression.replace("!~", "=~")) == set()


def test_every_expression_is_promql(promtool: Promtool, tmp_path: Path) -> None:
    rules = [{"record": f"panel:{number}", "expr": filled(text)} for number, text in enumerate(expressions())]
    file = tmp_path / "dashboard.rules.yml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "dashboard", "rules": rules}]}))
    assert f"{len(rules)} rules found" in promtool("check", "rules", file)


def filled(expression: str) -> str:
    """Return the expression as Grafana sends it."""
    return re.sub(r"\$(job|environment)", ".*", expression.replace("$__rate_interval", "5m"))


def test_all_variables_are_defined_and_all_panels_use_one_data_source() -> None:
    used = set(re.findall(r"\$\{?(\w+)", json.dumps([PANELS, DASHBOARD["annotations"]])))
    assert used - {"__rate_interval"} == {variable["name"] for variable in DASHBOARD["templating"]["list"]}
    sources = [part["datasource"] for panel in GRAPHS for part in (panel, *panel["targets"])]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_every_panel_has_a_title_a_description_and_its_own_place() -> None:
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    assert all(panel["title"] and panel["description"] for panel in GRAPHS)
    cells: Counter[tuple[int, int]] = Counter()
    for place in (panel["gridPos"] for panel in PANELS):
        assert place["x"] + place["w"] <= 24
        columns = range(place["x"], place["x"] + place["w"])
        cells.update((column, line) for column in columns for line in range(place["y"], place["y"] + place["h"]))
    assert set(cells.values()) == {1}
