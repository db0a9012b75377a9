"""Every alert can fire and be quiet, uses existing metrics, and links to its runbook."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from reconciler.cli import main
from reconciler.cli.program import build
from tests.monitoring.conftest import Promtool
from tests.monitoring.rules import (
    PROMETHEUS,
    RULES,
    RUNBOOKS,
    TESTS,
    alerts,
    groups,
    rules,
    unknown_label_values,
    unknown_metrics,
)

ALERTS = alerts()


def test_promtool_accepts_rules_and_configurations(promtool: Promtool) -> None:
    assert f"{len(rules())} rules found" in promtool("check", "rules", *RULES)
    for name in ("prometheus.yml", "prometheus.ecs.yml"):
        assert "1 rule files found" in promtool("check", "config", PROMETHEUS / name)


def test_the_unit_tests_of_the_alerts_succeed_in_promtool(promtool: Promtool) -> None:
    assert promtool("test", "rules", *TESTS).count("SUCCESS") == len(TESTS)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_the_unit_tests_evaluate_the_groups_in_the_order_of_their_file(path: Path) -> None:
    assert yaml.safe_load(path.read_text())["group_eval_order"] == groups()


@pytest.mark.parametrize("alert", ALERTS)
def test_the_unit_tests_have_both_a_firing_and_a_quiet_moment(alert: str) -> None:
    cases = [case for path in TESTS for case in yaml.safe_load(path.read_text())["tests"]]
    checks = [check for case in cases for check in case["alert_rule_test"] if check["alertname"] == alert]
    assert {bool(check["exp_alerts"]) for check in checks} == {True, False}


@pytest.mark.parametrize("alert", ALERTS)
def test_an_alert_has_a_severity_a_description_and_a_runbook(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"critical", "warning"}
    assert set(rule["annotations"]) == {"summary", "description", "runbook_url"}
    page, _, anchor = rule["annotations"]["runbook_url"].rpartition("#")
    assert page.endswith("/runbooks.md")
    headings = re.findall(r"^### (\S+)$", RUNBOOKS.read_text(), re.MULTILINE)
    assert [heading for heading in headings if heading.lower() == anchor] == [alert]


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.get("alert") or rule["record"])
def test_a_rule_uses_existing_metrics_and_reasons(rule: dict[str, Any]) -> None:
    assert unknown_metrics(rule["expr"]) == set()
    assert unknown_label_values(rule["expr"]) == set()


def test_the_check_of_expressions_finds_unknown_metrics_and_reasons() -> None:
    expression = 'job:reconciler_no:such > 0 and reconciler_none{reason=~"PlanFailed|Tired", x="reconciler_text"} > 1'
    assert unknown_metrics(expression) == {"job:reconciler_no:such", "reconciler_none"}
    assert unknown_label_values(expression) == {"Tired"}
    assert unknown_metrics("rate(reconciler_phase_seconds[5m])") == {"reconciler_phase_seconds"}


def test_every_alert_has_a_runbook_and_there_is_no_other() -> None:
    sections = re.split(r"^### (\S+)$", RUNBOOKS.read_text(), flags=re.MULTILINE)
    runbooks = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert list(runbooks) == list(ALERTS)
    for text in runbooks.values():
        assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Means", "Look", "Do"]


def commands() -> list[list[str]]:
    """Return the commands of the runbooks, without the part after `--`."""
    found = re.findall(r"`reconciler ([^`]+)`", RUNBOOKS.read_text())
    return [command.partition(" -- ")[0].split() for command in found]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_the_commands_of_the_runbooks_exist(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    names = words[:2] if words[0] == "provider" else words[:1]
    program = build()
    for name in names:
        program = program[name]
    with pytest.raises(SystemExit, match="0"):
        main([*names, "--help"])
    help_text = capsys.readouterr().out.split()
    assert {word for word in words if word.startswith("--")} <= set(help_text)
