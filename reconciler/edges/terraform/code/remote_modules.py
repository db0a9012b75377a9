"""Modules from outside of the source, as Terraform itself found them: each must be one that cannot move.

A branch, or a constraint that the next release satisfies, is looked up whenever a workspace is made anew. What it then
is would be applied without a commit, and without the order of a rollout. The sources are those of Terraform's own
`modules.json`, the version constraints those of the plan.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

_MODULES = Path(".terraform", "modules")
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_EXACT = re.compile(r"\s*=?\s*v?\d+(\.\d+)*([-+][0-9A-Za-z.+-]+)?\s*")
_SUBFOLDER = re.compile(r"(?<=[^:])//[^?]*")

Entry = Mapping[str, Any]


def unpinned(root: Path, plan: Mapping[str, Any]) -> str | None:
    """Return which module may move, why, and what to write; None when none may."""
    entries = {str(entry.get("Key")): entry for entry in _entries(root)}
    configuration = plan.get("configuration") or {}
    for key, call in _calls(configuration.get("root_module") or {}):
        if reason := _reason(root, entries, entries.get(key, {}), call):
            name = key.rpartition(".")[2]
            where = f"`module.{key}`" if key == name else f"`module.{key}` (in a module: if it is not yours, copy it)"
            return f"{where} {reason}"
    return None


def commits(root: Path) -> Mapping[str, str]:
    """Return the commit of each module from Git, by its key in `modules.json`, as far as it can be told."""
    entries = {str(entry.get("Key")): entry for entry in _entries(root)}
    sources = {key: str(entry.get("Source") or "") for key, entry in entries.items()}
    clones = {key: _clone(root, entries, source) for key, source in sources.items() if source.startswith("git::")}
    found = {key: _head(git) for key, git in clones.items() if git}
    return {key: commit for key, commit in found.items() if commit}


def differing(kept: Mapping[str, str], now: Mapping[str, str]) -> str | None:
    """Return which module is another commit than the one kept for its tree, and what to do; None when none is."""
    for key in sorted(kept.keys() & now.keys()):
        if kept[key] != now[key]:
            return (
                f"the tag of `module.{key}` was moved from {kept[key]} to {now[key]}, which no commit here explains:"
                " move it back, or name another tag or the commit in `?ref=`"
            )
    return None


def _reason(root: Path, entries: Mapping[str, Entry], entry: Entry, call: Mapping[str, Any]) -> str | None:
    if version := entry.get("Version"):
        constraint = str(call.get("version_constraint") or "")
        if _EXACT.fullmatch(constraint):
            return None
        found = f'version = "{constraint}"' if constraint else "no version"
        return f'has {found}, which the next release may satisfy: write `version = "{version}"`'
    source = str(entry.get("Source") or "")
    if not source.startswith("git::"):
        return None
    ref = next(iter(parse_qs(source.partition("?")[2]).get("ref", ())), "")
    if _COMMIT.fullmatch(ref):
        return None
    git = _clone(root, entries, source)
    if ref and git and _is_tag(git, ref):
        return None
    found = f"ref={ref}, which is no tag and no full commit id" if ref else "no `?ref=` in its source"
    commit = _head(git) if git else ""
    return f"has {found}, so that it may move: write `?ref={commit or 'COMMIT'}`, or name a tag"


def _entries(root: Path) -> list[Entry]:
    """Return Terraform's list of the modules that it installed; empty when there is none that can be read."""
    try:
        found = json.loads((root / _MODULES / "modules.json").read_text())["Modules"]
        return [entry for entry in found if isinstance(entry, dict)]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def _calls(module: Mapping[str, Any], within: str = "") -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield every call of a module in a plan's configuration, with its key in `modules.json`."""
    for name, call in (module.get("module_calls") or {}).items():
        key = f"{within}{name}"
        yield key, call
        yield from _calls(call.get("module") or {}, f"{key}.")


def _clone(root: Path, entries: Mapping[str, Entry], source: str) -> Path | None:
    """Return the Git folder of that package: Terraform clones it once, and copies it for its other callers."""
    package = _SUBFOLDER.sub("", source)
    for key, entry in entries.items():
        git = root / _MODULES / key / ".git"
        if _SUBFOLDER.sub("", str(entry.get("Source") or "")) == package and git.is_dir():
            return git
    return None


def _is_tag(git: Path, ref: str) -> bool:
    return any(name == f"refs/tags/{ref}" for name, _ in _references(git))


def _head(git: Path) -> str:
    """Return the commit that a clone has checked out; empty when it cannot be told."""
    try:
        head = (git / "HEAD").read_text().strip()
    except OSError:
        return ""
    return dict(_references(git)).get(head.removeprefix("ref: "), head if _COMMIT.fullmatch(head) else "")


def _references(git: Path) -> Iterator[tuple[str, str]]:
    """Yield the references of a clone with what they name, the packed ones first, because a loose one wins."""
    if (packed := git / "packed-refs").is_file():
        for line in packed.read_text(errors="replace").splitlines():
            commit, _, name = line.partition(" ")
            if _COMMIT.fullmatch(commit):
                yield name, commit
    for file in sorted((git / "refs").rglob("*")):
        if file.is_file():
            yield file.relative_to(git).as_posix(), file.read_text(errors="replace").strip()
