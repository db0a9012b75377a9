"""Reading the HCL of a directory: its blocks, what they refer to, and the prose that introduces them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

PROJECT = Path(__file__).resolve().parents[2]
WHERE = (PROJECT / "terraform", PROJECT / "deploy")


def directories() -> list[Path]:
    """Every directory with Terraform code of ours, modules first."""
    found = {file.parent for root in WHERE for file in root.rglob("*.tf") if ".terraform" not in file.parts}
    return sorted(found, key=lambda path: (not is_module(path), path))


def is_module(directory: Path) -> bool:
    return directory.parent.name == "modules"


def blocks(directory: Path, kind: str) -> dict[str, dict[str, Any]]:
    """All blocks of a kind with one label, by name, over the files of a directory."""
    return {name: block for file in files(directory) for name, block in blocks_of(file, kind).items()}


def blocks_of(file: Path, kind: str) -> dict[str, dict[str, Any]]:
    return {name.strip('"'): content for block in load(file).get(kind, []) for name, content in block.items()}


def resources(directory: Path) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Type, name and content of every resource."""
    for file in files(directory):
        for block in load(file).get("resource", []):
            for kind, named in block.items():
                for name, content in named.items():
                    yield kind.strip('"'), name.strip('"'), content


def local_names(directory: Path) -> set[str]:
    blocks_of_locals = (block for file in files(directory) for block in load(file).get("locals", []))
    return {name for block in blocks_of_locals for name in block if not name.startswith("__")}


def text(directory: Path) -> str:
    """All code of a directory without its comments."""
    code = "\n".join(file.read_text() for file in files(directory))
    return re.sub(r"^\s*#.*$", "", code, flags=re.MULTILINE)


def introduction(directory: Path) -> str:
    """The comment at the head of the main file."""
    heads = [
        file for file in (directory / "main.tf", directory / f"{directory.name}.tf", *files(directory)) if file.exists()
    ]
    lines = (file.read_text().splitlines() for file in heads)
    comments = ([line[1:].strip() for line in _head(found)] for found in lines)
    return " ".join(next((comment for comment in comments if comment), []))


def files(directory: Path) -> list[Path]:
    return sorted(directory.glob("*.tf"))


@cache
def load(file: Path) -> dict[str, Any]:
    with file.open() as stream:
        parsed: dict[str, Any] = hcl2.load(stream)
        return parsed


def _head(lines: list[str]) -> Iterator[str]:
    for line in lines:
        if not line.startswith("#"):
            return
        yield line
