"""Release of the checked-out commit: `python -m deploy.release 1.2.3`, which `make release VERSION=1.2.3` runs.

All checks run before any change: the tree is clean and on `main`, `pyproject.toml` and the changelog have the version,
the tag does not exist, `make check` passes. Then the sdist and the wheel are built into `dist/`, the notes of the
version are written to `dist/NOTES.md`, and the commit is tagged as `v1.2.3` with these notes. Nothing is pushed.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

BRANCH = "main"
_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)")


class Refused(Exception):
    """The release cannot be made. The message states the cause and the remedy."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Release the project in the current folder. Returns the exit code: 1, with the cause on stderr, if refused."""
    versions = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if len(versions) != 1:
            raise Refused("Exactly one version is needed: run `make release VERSION=1.2.3`.")
        tag = release(Path.cwd(), versions[0])
    except Refused as refusal:
        sys.stderr.write(f"No release was made. {refusal}\n")
        return 1
    sys.stdout.write(f"{tag} is tagged; dist/ contains its sdist, wheel and notes.\n")
    sys.stdout.write(f"Publish it with `git push origin {BRANCH} {tag}`.\n")
    return 0


def release(project: Path, version: str) -> str:
    """Check, build, write the notes and tag. Returns the tag. Raises: Refused; finished builds stay in `dist/`."""
    if not _VERSION.fullmatch(version):
        raise Refused(f"{version!r} is not a version: use three numbers, such as 1.2.3.")
    tag = f"v{version}"
    _check_git(project, tag)
    _check_version(project, version)
    text = notes((project / "CHANGELOG.md").read_text(), version)
    _run(project, "make", "check", why="`make check` failed: fix its findings on a branch and merge it first.")
    _build(project)
    (project / "dist" / "NOTES.md").write_text(text)
    _git(project, "tag", "--annotate", "--cleanup=whitespace", tag, "--message", f"Release {version}\n\n{text}")
    return tag


def notes(changelog: str, version: str) -> str:
    """Return the changelog's section of a version, without its heading. Raises: Refused when missing or empty."""
    heading = re.compile(rf"^## \[?{re.escape(version)}\]?(?:[ \t].*)?$", re.MULTILINE)
    found = heading.search(changelog)
    if found is None:
        raise Refused(f"CHANGELOG.md has no section `## {version}`: rename `## Unreleased` and commit.")
    rest = changelog[found.end() :]
    following = re.search(r"^## |^\[[^\]]+\]: ", rest, re.MULTILINE)
    text = rest[: following.start() if following else None].strip()
    if not text:
        raise Refused(f"The section `## {version}` of CHANGELOG.md is empty: list the changes.")
    return f"{text}\n"


def _check_git(project: Path, tag: str) -> None:
    if changed := _git(project, "status", "--porcelain"):
        raise Refused(f"The tree is not clean: commit or stash these files first:\n{changed}")
    branch = _git(project, "rev-parse", "--abbrev-ref", "HEAD")
    if branch != BRANCH:
        raise Refused(f"The branch {branch} is checked out, but releases are made from `{BRANCH}`: switch to it.")
    if _git(project, "tag", "--list", tag):
        raise Refused(f"The tag {tag} exists, and a version is released only once: choose the next version.")


def _check_version(project: Path, version: str) -> None:
    declared = tomllib.loads((project / "pyproject.toml").read_text())["project"]["version"]
    if declared != version:
        raise Refused(f"pyproject.toml has the version {declared}: change it to {version} and commit.")


def _build(project: Path) -> None:
    shutil.rmtree(project / "dist", ignore_errors=True)
    build = (
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "--directory",
        "dist",
        "--target",
        "sdist",
        "--target",
        "wheel",
    )
    _run(project, *build, why="The build failed: fix the error above.")


def _run(project: Path, *command: str, why: str) -> None:
    """Run a command and show its output. Raises: Refused with `why` when it fails."""
    sys.stdout.flush()
    if subprocess.run(command, cwd=project, check=False).returncode:
        raise Refused(why)


def _git(project: Path, *arguments: str) -> str:
    """Return git's output. Raises: Refused with git's error message."""
    done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"`git {arguments[0]}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
