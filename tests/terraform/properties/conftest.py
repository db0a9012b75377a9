"""One laboratory per worker, the plans of every root that several files read, and the table of what was proven."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from tests.terraform.inputs import TIERS
from tests.terraform.planned_roots import plans
from tests.terraform.plans import Plan, read_plan
from tests.terraform.properties.laboratory import Laboratory, opened
from tests.terraform.properties.proof import REPORTED, Row
from tests.terraform.warm import Warm

SEED = int(os.environ.get("PROPERTY_SEED", "20260101"))


@pytest.fixture(scope="package", autouse=True)
def _not_measured() -> Iterator[None]:
    """Stop measuring coverage: these tests run Terraform's code, and Python takes half as long without."""
    measuring = Coverage.current()
    if measuring:
        measuring.stop()
    yield
    if measuring:
        measuring.start()


@pytest.fixture(scope="session")
def laboratory(shared: Path, warm: Warm) -> Iterator[Laboratory]:
    with opened(shared / "properties", SEED, warm) as laboratory:
        yield laboratory


@pytest.fixture(scope="session")
def documents(laboratory: Laboratory) -> dict[str, Any]:
    """Plans of every root on every tier, as `terraform show -json` writes them."""
    documents: dict[str, Any] = laboratory.once("planned-roots", lambda: plans(laboratory, TIERS))
    return documents


@pytest.fixture(scope="session")
def planned(documents: dict[str, Any]) -> dict[str, Plan]:
    return {title: read_plan(document) for title, document in documents.items()}


def pytest_report_header(config: pytest.Config) -> str:
    return f"properties: seed {SEED}; PROPERTY_SEED=<number> makes other instances"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for found in terminalreporter.stats.values() for report in found if hasattr(report, "when")]
    told = [
        value
        for report in reports
        if report.when == "call"
        for name, value in report.user_properties
        if name == REPORTED
    ]
    rows = sorted((Row(**row) for row in told), key=lambda row: (row.number, row.title))
    if rows:
        terminalreporter.section("properties")
        terminalreporter.write_line(f"{'':>3} {'property':<56} {'instances':>9} {'killed':>6} {'seconds':>8}")
        for row in rows:
            terminalreporter.write_line(
                f"{row.number:>3} {row.title:<56} {row.instances:>9} {row.killed:>6} {row.seconds:>8.1f}"
            )
