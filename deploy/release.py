"""Make a release of what is checked out: `python -m deploy.release 1.2.3`, which `make release VERSION=1.2.3` runs.

It checks before it changes anything: the tree is clean and on `main`, `pyproject.toml` and the changelog have the
version, the tag is free, `make check` is green. Then it builds the sdist and the wheel into `dist/`, writes the notes
of the version to `dist/NOTES.md`, and tags the commit as `v1.2.3` with these notes. It pushes nothing.
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
    """The release cannot be made. The message says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Make the release of the project in the current folder; return 1 and say why when it cannot be made."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    try:
        if len(words) != 1:
            raise Refused("A release has one version: `make release VERSION=1.2.3`.")
        tag = release(Path.cwd(), words[0])
    except Refused as refusal:
        sys.stderr.write(f"No release was made. {refusal}\n")
        return 1
    sys.stdout.write(f"{tag} is tagged, and dist/ has its sdist, wheel and notes.\n")
    sys.stdout.write(f"Publish it with `git push origin {BRANCH} {tag}`.\n")
    return 0


def release(project: Path, version: str) -> str:
    """Check, build, write the notes and tag; return the tag. Raises Refused; what is built by then stays in `dist/`."""
    if not _VERSION.fullmatch(version):
        raise Refused(f"{version!r} is no version: use three numbers, such as 1.2.3.")
    tag = f"v{version}"
    _check_git(project, tag)
    _check_version(project, version)
    text = notes((project / "CHANGELOG.md").read_text(), version)
    _run(project, "make", "check", why="`make check` failed: correct what it found on a branch of its own.")
    _build(project)
    (project / "dist" / "NOTES.md").write_text(text)
    _git(project, "tag", "--annotate", "--cleanup=whitespace", tag, "--message", f"Release {version}\n\n{text}")
    return tag


def notes(changelog: str, version: str) -> str:
    """Return what the changelog says of a version, without its heading. Raises Refused when it says nothing."""
    heading = re.compile(rf"^## \[?{re.escape(version)}\]?(?:[ \t].*)?$", re.MULTILINE)
    found = heading.search(changelog)
    if found is None:
        raise Refused(f"CHANGELOG.md has no section `## {version}`: rename `## Unreleased` and commit.")
    rest = changelog[found.end() :]
    following = re.search(r"^## |^\[[^\]]+\]: ", rest, re.MULTILINE)
    text = rest[: following.start() if following else None].strip()
    if not text:
        raise Refused(f"The section `## {version}` of CHANGELOG.md is empty: say what changed.")
    return f"{text}\n"


def _check_git(project: Path, tag: str) -> None:
    if changed := _git(project, "status", "--porcelain"):
        raise Refused(f"The tree is not clean: commit or stash these files first:\n{changed}")
    branch = _git(project, "rev-parse", "--abbrev-ref", "HEAD")
    if branch != BRANCH:
        raise Refused(f"{branch} is checked out: a release is made of `{BRANCH}`.")
    if _git(project, "tag", "--list", tag):
        raise Refused(f"The tag {tag} exists: a released version is never made again, choose the next one.")


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
    _run(project, *build, why="The build failed.")


def _run(project: Path, *command: str, why: str) -> None:
    """Run a command whose output is shown. Raises Refused."""
    sys.stdout.flush()
    if subprocess.run(command, cwd=project, check=False).returncode:
        raise Refused(why)


def _git(project: Path, *arguments: str) -> str:
    """Return what git prints. Raises Refused with its complaint."""
    done = subprocess.run(["git", *arguments], cwd=project, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Refused(f"`git {arguments[0]}` failed: {done.stderr.strip()}")
    return done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main())
