"""The alerting and recording rules, and the metrics that a PromQL expression uses."""

import re
from pathlib import Path
from typing import Any

import yaml

from reconciler.core.vocabulary import Reason

ROOT = Path(__file__).resolve().parents[2]
PROMETHEUS = ROOT / "deploy" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.rules.yml"))
TESTS = sorted((PROMETHEUS / "tests").glob("*.yml"))
METRICS_PAGE = ROOT / "docs" / "metrics.md"
RUNBOOKS = ROOT / "docs" / "runbooks.md"
REASONS = {str(reason) for reason in Reason}


def rules() -> list[dict[str, Any]]:
    """Return every rule of every file."""
    return [rule for group in _groups() for rule in group["rules"]]


def groups() -> list[str]:
    """Return the names of the groups, in the order in which Prometheus evaluates them."""
    return [group["name"] for group in _groups()]


def _groups() -> list[dict[str, Any]]:
    return [group for path in RULES for group in yaml.safe_load(path.read_text())["groups"]]


def alerts() -> dict[str, dict[str, Any]]:
    """Return the alerting rules by name."""
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def recorded() -> set[str]:
    """Return the series of the recording rules."""
    return {rule["record"] for rule in rules() if "record" in rule}


def documented() -> set[str]:
    """Return every series that `docs/metrics.md` documents, including those of histograms and summaries."""
    rows = re.findall(r"^\| `(reconciler_\w+)` \| (\w+) \|", METRICS_PAGE.read_text(), re.MULTILINE)
    parts = {"histogram": ("_bucket", "_sum", "_count"), "summary": ("_sum", "_count")}
    return {name + part for name, kind in rows for part in parts.get(kind, ("",))}


def unknown_metrics(expression: str) -> set[str]:
    """Return the metrics of an expression that are neither documented nor recorded."""
    bare = re.sub(r'"[^"]*"', '""', expression)
    found = set(re.findall(r"(?:job:)?reconciler_\w+(?::\w+)?", bare))
    return found - documented() - recorded()


def unknown_label_values(expression: str) -> set[str]:
    """Return the reasons in an expression that do not exist."""
    named = re.findall(r'\breason=~?"([A-Z][^"]*)"', expression)
    return {reason for text in named for reason in text.split("|")} - REASONS
