"""One laboratory per worker, and the table of what was proven."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terraform.properties.laboratory import Laboratory, opened
from tests.terraform.properties.proof import REPORTED, Row
from tests.terraform.warm import Warm

SEED = int(os.environ.get("PROPERTY_SEED", "20260101"))


@pytest.fixture(scope="session")
def laboratory(shared: Path, warm: Warm) -> Iterator[Laboratory]:
    with opened(shared / "properties", SEED, warm) as laboratory:
        yield laboratory


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
