"""Drift reports on disk."""

from pathlib import Path

import pytest

from reconciler.edges.store.reports import DirectoryReports, ReportFailed


async def test_a_report_is_kept_under_its_name_and_replaced_whole(tmp_path: Path) -> None:
    reports = DirectoryReports(tmp_path / "reports")
    await reports.keep("develop/orders/1.md", "first")
    await reports.keep("develop/orders/1.md", "zweiter Stand: ä")
    kept = list((tmp_path / "reports").rglob("*.*"))
    assert [path.relative_to(tmp_path).as_posix() for path in kept] == ["reports/develop/orders/1.md"]
    assert kept[0].read_text(encoding="utf-8") == "zweiter Stand: ä"


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a/../../x", "", "a\0b"])
async def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(ReportFailed, match="would leave"):
        await DirectoryReports(tmp_path / "reports").keep(name, "x")


async def test_an_unwritable_folder_fails_with_its_path(tmp_path: Path) -> None:
    (tmp_path / "reports").write_text("a file")
    with pytest.raises(ReportFailed, match="reports"):
        await DirectoryReports(tmp_path / "reports").keep("a/b.md", "x")
