"""A release is checked before any change, then built, given notes and tagged; it is not pushed."""

import os
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from deploy import release
from deploy.release import Refused, notes

PROJECT = Path(__file__).resolve().parents[2]
CHANGELOG = """# Changelog

## Unreleased

### Added

- Not yet.

## 1.2.3 - 2026-03-02

### Added

- A `release` target.

# not a heading of a version

## [1.2.2] - 2026-02-01

- Before.

## 1.2.30

## 0.9.0

[1.2.2]: https://git.example/compare
"""
PYPROJECT = """[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "sample"
version = "1.2.3"
requires-python = ">=3.11"

[tool.hatch.build.targets.wheel]
packages = ["sample"]
"""


@dataclass(frozen=True)
class Repository:
    """A project of one package in a Git repository, whose `make check` succeeds."""

    folder: Path

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.folder, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def commit(self, **files: str) -> None:
        """Write and commit files; in a name, `__` is the dot."""
        for name, text in files.items():
            (self.folder / name.replace("__", ".")).write_text(text)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "Change")

    def has(self, *, tags: str = "", dist: bool = False) -> bool:
        """Return True when the repository has exactly these tags, and a `dist` folder or none."""
        return self.git("tag", "--list") == tags and (self.folder / "dist").exists() is dist


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repository:
    """Create a repository that is ready for the release of 1.2.3, and make it the current folder."""
    for name in [name for name in os.environ if name.startswith(("GIT_", "MAKE", "MFLAGS"))]:
        monkeypatch.delenv(name)
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "Ann")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "ann@example.com")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    found = Repository(tmp_path / "project")
    package = found.folder / "sample"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "py.typed").touch()
    monkeypatch.chdir(found.folder)
    found.git("init", "--quiet", "--initial-branch=main")
    found.commit(
        CHANGELOG__md=CHANGELOG,
        pyproject__toml=PYPROJECT,
        Makefile="check:\n\t@echo checked\n",
        __gitignore="/dist/\n__pycache__/\n",
    )
    return found


def test_a_release_is_built_with_notes_and_tagged(repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
    (repository.folder / "dist").mkdir()
    (repository.folder / "dist" / "sample-0.0.1.tar.gz").touch()
    assert release.main(["1.2.3"]) == 0
    output = capfd.readouterr().out
    assert "checked\n" in output
    assert output.endswith("Publish it with `git push origin main v1.2.3`.\n")
    dist = repository.folder / "dist"
    assert {path.name for path in dist.iterdir()} == {
        "NOTES.md",
        "sample-1.2.3.tar.gz",
        "sample-1.2.3-py3-none-any.whl",
    }
    expected = "### Added\n\n- A `release` target.\n\n# not a heading of a version\n"
    assert (dist / "NOTES.md").read_text() == expected
    assert repository.git("tag", "--list", "--format=%(contents)", "v1.2.3") == f"Release 1.2.3\n\n{expected}".strip()
    assert repository.git("rev-parse", "v1.2.3^{commit}") == repository.git("rev-parse", "HEAD")
    with zipfile.ZipFile(dist / "sample-1.2.3-py3-none-any.whl") as wheel:
        assert "sample/py.typed" in wheel.namelist()
    with tarfile.open(dist / "sample-1.2.3.tar.gz") as sdist:
        assert "sample-1.2.3/CHANGELOG.md" in sdist.getnames()
    assert repository.git("status", "--porcelain") == ""


def refused(capfd: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Run a release that must be refused, and return the cause."""
    assert release.main(arguments) == 1
    _, cause = capfd.readouterr().err.split("No release was made. ")
    return cause


class TestRefusals:
    """A release that is not correct is refused before anything is built or tagged."""

    @pytest.mark.parametrize("arguments", [(), ("1.2.3", "1.2.4")])
    def test_one_version(
        self, repository: Repository, capfd: pytest.CaptureFixture[str], arguments: tuple[str, ...]
    ) -> None:
        assert "make release VERSION=1.2.3" in refused(capfd, *arguments)
        assert repository.has()

    @pytest.mark.parametrize("version", ["1.2", "v1.2.3", "1.2.3rc1", "1.02.3", "1.2.3\n", "latest", "--help"])
    def test_three_numbers(self, repository: Repository, capfd: pytest.CaptureFixture[str], version: str) -> None:
        assert "is not a version" in refused(capfd, version)
        assert repository.has()

    @pytest.mark.parametrize("name", ["CHANGELOG.md", "new.py"])
    def test_a_clean_tree(self, repository: Repository, capfd: pytest.CaptureFixture[str], name: str) -> None:
        with (repository.folder / name).open("a") as file:
            file.write("\n")
        cause = refused(capfd, "1.2.3")
        assert "not clean" in cause
        assert name in cause
        assert repository.has()

    @pytest.mark.parametrize("leave", [("switch", "--create", "fix"), ("switch", "--detach")])
    def test_the_main_branch(
        self, repository: Repository, capfd: pytest.CaptureFixture[str], leave: tuple[str, ...]
    ) -> None:
        repository.git(*leave)
        assert "releases are made from `main`" in refused(capfd, "1.2.3")
        assert repository.has()

    def test_a_free_tag(self, repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
        repository.git("tag", "v1.2.3")
        assert "The tag v1.2.3 exists" in refused(capfd, "1.2.3")
        assert repository.has(tags="v1.2.3")

    def test_the_version_of_the_package(self, repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
        repository.commit(pyproject__toml=PYPROJECT.replace("1.2.3", "1.2.2"))
        assert "has the version 1.2.2: change it to 1.2.3" in refused(capfd, "1.2.3")
        assert repository.has()

    def test_a_section_of_the_changelog(self, repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
        repository.commit(CHANGELOG__md="# Changelog\n\n## Unreleased\n\n- Much.\n")
        assert "no section `## 1.2.3`" in refused(capfd, "1.2.3")
        assert repository.has()

    def test_a_green_check(self, repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
        repository.commit(Makefile="check:\n\t@false\n")
        assert "`make check` failed" in refused(capfd, "1.2.3")
        assert repository.has()

    def test_a_package_that_can_be_built(self, repository: Repository, capfd: pytest.CaptureFixture[str]) -> None:
        repository.commit(pyproject__toml=PYPROJECT.replace("requires-", 'readme = "missing.md"\nrequires-'))
        assert "The build failed" in refused(capfd, "1.2.3")
        assert repository.git("tag", "--list") == ""

    def test_a_repository(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
        assert "`git status` failed: " in refused(capfd, "1.2.3")


class TestNotes:
    """The section of one version in a changelog."""

    def test_a_version_in_brackets_ends_at_the_next(self) -> None:
        assert notes(CHANGELOG, "1.2.2") == "- Before.\n"

    def test_links_below_the_last_version_are_excluded(self) -> None:
        assert notes("## 1.0.0\n\n- First.\n\n[1.0.0]: https://git.example\n", "1.0.0") == "- First.\n"

    @pytest.mark.parametrize(("version", "why"), [("1.2.30", "empty"), ("0.9.0", "empty"), ("1.2.3.4", "no section")])
    def test_a_version_without_notes(self, version: str, why: str) -> None:
        with pytest.raises(Refused, match=why):
            notes(CHANGELOG, version)

    def test_the_dots_of_a_version_match_only_dots(self) -> None:
        with pytest.raises(Refused):
            notes("## 1x2x3\n\n- No.\n", "1.2.3")

    def test_the_projects_own_changelog_has_notes_for_the_next_release(self) -> None:
        changelog = (PROJECT / "CHANGELOG.md").read_text()
        assert changelog.count("\n## Unreleased\n") == 1
        version = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["version"]
        assert "### Added" in notes(changelog.replace("## Unreleased", f"## {version}", 1), version)


def test_the_wheel_of_the_project_has_its_types_and_schemas_and_no_tests(tmp_path: Path) -> None:
    build = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)]
    subprocess.run(build, cwd=PROJECT, check=True, capture_output=True, timeout=120)
    (path,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(path) as wheel:
        names = set(wheel.namelist())
    assert {"reconciler/py.typed", "desired_state/py.typed"} <= names
    assert {f"desired_state/schema/{file.name}" for file in (PROJECT / "desired_state/schema").glob("*.json")} <= names
    assert not [name for name in names if name.startswith(("tests/", "deploy/"))]
