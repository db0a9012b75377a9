"""Refusals of a root: what its code would run or read on the machine that runs Terraform.

Terraform runs such code with the daemon's rights, before anything in AWS can hold it in, and some of it while it plans.
So a root that has any of it is refused before `init`, unless the configuration allows it.
"""

import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from desired_state.files.tree import ROOTS, Tree
from reconciler.core.code import files, providers
from reconciler.core.code.allowances import Allowances
from reconciler.core.code.blocks import Block, blocks_of, literal
from reconciler.core.wording import first_few

_BACKEND: Final = frozenset({
    "bucket", "key", "region", "encrypt", "use_lockfile", "dynamodb_table", "kms_key_id", "use_path_style",
    "skip_credentials_validation", "skip_metadata_api_check", "skip_requesting_account_id", "skip_region_validation",
})  # fmt: skip
_LOCAL = ("./", "../")
_NAMED: Final = 3
_LONGEST: Final = 400
_LINE = re.compile(r"\bline (\d+)")
_FILES = (".tf", ".tf.json")


@dataclass(frozen=True, slots=True)
class Refusal:
    """A place in a root's code, and what it would do there."""

    path: str
    line: int
    what: str

    def __str__(self) -> str:
        text = f"{self.path}:{self.line}: {self.what}"[:_LONGEST]
        return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def refusals(tree: Tree, root: str, allowances: Allowances) -> tuple[Refusal, ...]:
    """Return what the root `roots/<root>` and the modules that it calls may not do, in the order of files and lines."""
    own = f"{ROOTS}/{root}"
    found: set[Refusal] = set()
    waiting, visited = [own], set[str]()
    while waiting:
        folder = waiting.pop()
        if folder in visited:
            continue
        visited.add(folder)
        refused, called = _of_module(tree, folder, own, allowances)
        found |= refused
        waiting += called
    return tuple(sorted(found, key=lambda one: (one.path, one.line, one.what)))


def refusals_of_folder(tree: Tree, folder: str, root: str, allowances: Allowances) -> tuple[Refusal, ...]:
    """Return what the module in one folder may not do; modules that it calls are not followed."""
    return tuple(sorted(_of_module(tree, folder, root, allowances)[0], key=str))


def explain(found: tuple[Refusal, ...]) -> str:
    """Describe refusals on one line that says what to do."""
    named = first_few(map(str, found), _NAMED, separator="; ")
    return f"{named}. Terraform was not started: remove it, or allow it in the daemon's `terraform.allow`"


def _of_module(tree: Tree, folder: str, root: str, allowances: Allowances) -> tuple[set[Refusal], list[str]]:
    found: set[Refusal] = set()
    blocks: dict[str, tuple[Block, ...]] = {}
    for path in sorted(tree):
        if posixpath.dirname(path) == folder and path.endswith(_FILES):
            try:
                blocks[path] = blocks_of(path, bytes(tree[path]))
            except ValueError as error:
                found.add(_unread(path, str(error)))
    called: list[str] = []
    for path, inside in blocks.items():
        for block in inside:
            found |= {Refusal(path, line, what) for line, what in _of_block(block, allowances)}
            if not allowances.files:
                found |= {Refusal(path, *fault) for fault in files.faults(block, folder, root, tree)}
            if block.type == "module":
                source = literal(block.attributes.get("source", ()))
                inner = posixpath.normpath(f"{folder}/{source}") if source and source.startswith(_LOCAL) else None
                if inner is not None and any(name.startswith(f"{inner}/") for name in tree):
                    called.append(inner)
                elif source is None or inner is not None or not allowances.admits_module(source):
                    found.add(Refusal(path, block.line, _module(source)))
    return found | _of_providers(blocks, allowances, is_root=folder == root), called


def _unread(path: str, message: str) -> Refusal:
    line = _LINE.search(message)
    return Refusal(path, int(line[1]) if line else 1, message)


def _of_providers(blocks: Mapping[str, tuple[Block, ...]], allowances: Allowances, *, is_root: bool) -> set[Refusal]:
    """Return the refusals that all files of a module decide: a provider is declared in one, and used in another."""
    everything = [block for inside in blocks.values() for block in inside]
    declarations = [block for block in everything if block.type == "terraform"]
    return {
        Refusal(path, line, what)
        for path, inside in blocks.items()
        for line, what in providers.faults(inside, declarations, allowances, is_root=is_root)
    }


def _module(source: str | None) -> str:
    if source is None:
        return "the module has no source that is a plain text"
    return f"the module source {source!r} is outside of the tree (`terraform.allow.modules`)"


def _of_block(block: Block, allowances: Allowances) -> Iterator[tuple[int, str]]:
    match block.type:
        case "resource" | "removed" | "ephemeral" | "data" | "action":
            if not allowances.provisioners:
                yield from ((inner.line, _ran(inner)) for inner in block.within() if inner.type == "provisioner")
                yield from ((inner.line, _ran(inner)) for inner in block.blocks if inner.type == "connection")
        case "terraform":
            for inner in block.blocks:
                yield from _of_backend(inner)
    if not allowances.remote_state:
        for inner in block.within():
            if inner.type == "data" and inner.labels[:1] == ("terraform_remote_state",):
                yield inner.line, "`terraform_remote_state` reads a state (`terraform.allow.remote_state`)"


def _ran(block: Block) -> str:
    name = f"provisioner `{block.labels[0]}`" if block.labels else f"`{block.type}`"
    return f"{name} runs on the daemon's machine or connects from it (`terraform.allow.provisioners`)"


def _of_backend(block: Block) -> Iterator[tuple[int, str]]:
    if block.type == "backend" and block.labels not in {("s3",), ("local",)}:
        yield block.line, f"the backend {' '.join(block.labels)} is not the one that the daemon gives"
    elif block.type == "backend":
        for name in sorted({*block.attributes, *(inner.type for inner in block.blocks)} - _BACKEND):
            yield block.line, f"the setting `{name}` of the backend: the daemon gives all that it needs"
    elif block.type in {"cloud", "state_store"}:
        yield block.line, f"`{block.type}` keeps the state elsewhere than the daemon"
