"""The floors of coverage: a run below one fails and says where, one above passes, child processes count."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from coverage import Coverage, CoverageData

from tests.project import floors
from tests.project.floors import PROJECT, Floor, main, measure

SOURCE = """def sign(number):
    if number < 0:
        return "minus"
    return "plus"
"""
MODULE, BODY = [(-1, 1), (1, -1)], [(-1, 2), (2, 4), (4, -1)]
WHOLE = [*MODULE, *BODY, (2, 3), (3, -1)]


def measured(folder: Path, arcs: list[tuple[int, int]]) -> Coverage:
    """Return the coverage of one module of which these jumps, as (from line, to line), were seen."""
    folder.mkdir(exist_ok=True)
    module = folder / "sign.py"
    module.write_text(SOURCE)
    data = CoverageData(basename=str(folder.parent / "data"))
    data.add_arcs({str(module): arcs})
    data.write()
    coverage = Coverage(data_file=str(folder.parent / "data"), config_file=False)
    coverage.load()
    return coverage


def test_all_jumps_are_all_of_it(tmp_path: Path) -> None:
    folder = tmp_path / "pure"
    (found,) = measure(measured(folder, WHOLE), [Floor((str(folder),), 100)])
    assert (found.reached, found.is_met, found.gaps) == (100, True, ())


def test_a_branch_that_was_never_taken_counts_as_missed_and_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "pure"
    (found,) = measure(measured(folder, [*MODULE, *BODY]), [Floor((str(folder),), 80)])
    assert found.reached == 66.6, "3 of 4 statements and 1 of 2 branches, rounded down"
    assert not found.is_met
    assert len(found.gaps) == 1
    assert "sign.py" in found.gaps[0]
    assert found.gaps[0].endswith("3")


def test_a_floor_is_met_when_it_is_reached_exactly(tmp_path: Path) -> None:
    folder = tmp_path / "pure"
    coverage = measured(folder, [*MODULE, *BODY])
    assert [result.is_met for result in measure(coverage, [Floor((str(folder),), at) for at in (66, 66.6, 66.7)])] == [
        True,
        True,
        False,
    ]


class TestProgram:
    """The script that ends `make test` and `make coverage`."""

    @pytest.fixture(autouse=True)
    def _here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "pyproject.toml").write_text((PROJECT / "pyproject.toml").read_text())
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(floors, "PROJECT", tmp_path)
        for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
            monkeypatch.delenv(name)

    def put(self, folder: Path, *, core: list[tuple[int, int]]) -> None:
        """Write what two processes of a run would have written, one of each pure package."""
        (folder / ".coverage").mkdir()
        for package, arcs in (("desired_state", WHOLE), ("reconciler/core", core)):
            module = folder / package / "sign.py"
            module.parent.mkdir(parents=True)
            module.write_text(SOURCE)
            data = CoverageData(basename=str(folder / ".coverage" / f"data.{module.parent.name}"))
            data.add_arcs({str(module): arcs})
            data.write()

    def test_the_floors_are_met(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.put(tmp_path, core=WHOLE)
        assert main(["--pure"]) == 0
        assert capsys.readouterr().out.splitlines() == [
            "Branch coverage",
            "desired_state                 100.0 %   floor 95 %",
            "reconciler/core               100.0 %   floor 95 %",
        ]

    def test_a_floor_is_not_met(self, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.put(tmp_path, core=MODULE)
        assert main(["--pure"]) == 1
        said = capsys.readouterr().out
        assert "Below the floor: reconciler/core" in said
        assert "sign.py" in said
        assert "Below the floor: desired_state" not in said

    def test_a_part_of_the_tests_is_not_held_against_a_floor(
        self, tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.put(tmp_path, core=MODULE)
        assert main(["--pure", "--print-only"]) == 0
        assert "floor 95 %" in capsys.readouterr().out

    def test_a_run_that_measured_nothing_fails(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main([]) == 1
        assert "make test" in capsys.readouterr().err


def test_a_child_process_in_another_folder_is_measured_and_leaves_nothing_there(tmp_path: Path) -> None:
    elsewhere, script, data = tmp_path / "elsewhere", tmp_path / "parent.py", tmp_path / "measured" / "data"
    elsewhere.mkdir()
    data.parent.mkdir()
    child = "from desired_state.reading.merge import merge_patch"
    script.write_text(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}], check=True)\n")
    plain = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    subprocess.run(
        [sys.executable, "-m", "coverage", "run", f"--rcfile={PROJECT / 'pyproject.toml'}", str(script)],
        cwd=elsewhere,
        env=plain | {"COVERAGE_FILE": str(data)},
        check=True,
        capture_output=True,
        timeout=120,
    )
    assert list(elsewhere.iterdir()) == []
    coverage = Coverage(data_file=str(data), config_file=False)
    coverage.combine([str(data.parent)])
    assert str(PROJECT / "desired_state/reading/merge.py") in coverage.get_data().measured_files()


def test_a_worker_that_is_killed_while_it_exits_has_reported(tmp_path: Path) -> None:
    tests, data = tmp_path / "tests_of_a_test", tmp_path / "measured" / "data"
    tests.mkdir()
    (tests / "test_one.py").write_text("from desired_state.reading.merge import merge_patch\n\ndef test_one(): pass\n")
    (tests / "conftest.py").write_text(
        "import os, signal\n"
        "from tests.conftest import pytest_sessionfinish\n\n"
        "def pytest_unconfigure(config):\n"
        "    if hasattr(config, 'workerinput'):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    plain = {name: value for name, value in os.environ.items() if not name.startswith(("COVERAGE_", "PYTEST_"))}
    run = [sys.executable, "-m", "coverage", "run", f"--rcfile={PROJECT / 'pyproject.toml'}", "-m", "pytest"]
    subprocess.run(
        [*run, "--config-file=/dev/null", f"--rootdir={tests}", "--import-mode=importlib", "-n", "1", str(tests)],
        cwd=PROJECT,
        env=plain | {"COVERAGE_FILE": str(data)},
        check=False,
        capture_output=True,
        timeout=120,
    )
    coverage = Coverage(data_file=str(data), config_file=False)
    coverage.combine([str(data.parent)])
    assert str(PROJECT / "desired_state/reading/merge.py") in coverage.get_data().measured_files()
