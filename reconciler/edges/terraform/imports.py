"""`import` blocks for resources that the state does not hold yet, written into a workspace right before a plan.

A block is HCL. Its address has a strict grammar (`desired_state.kinds.adoption`) and is the only part of a manifest in
it; an id is the value of a variable, where `${…}` is text. A block for a resource that is in the state already would be
harmless, but its address may change later, so the file is deleted once the state holds all resources.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from desired_state.kinds.adoption import Import

_BLOCKS_FILE = "zz_adoption.tf"
_IDS_FILE = "zz_adoption.auto.tfvars.json"
_VARIABLE = "reconciler_import_ids"
_DECLARATION = f'variable "{_VARIABLE}" {{\n  type = list(string)\n}}\n'


def write(root: Path, imports: Sequence[Import]) -> None:
    """Make the next plan adopt these resources, and none that an earlier plan adopted."""
    blocks, ids = root / _BLOCKS_FILE, root / _IDS_FILE
    if not imports:
        blocks.unlink(missing_ok=True)
        ids.unlink(missing_ok=True)
        return
    blocks.write_text("\n".join([_DECLARATION, *(_block(index, one.to) for index, one in enumerate(imports))]))
    ids.write_text(json.dumps({_VARIABLE: [one.id for one in imports]}))


def missing(imports: Sequence[Import], state: Mapping[str, Any]) -> tuple[Import, ...]:
    """Return the imports whose address the state (the answer of `terraform state pull`) does not hold."""
    held = frozenset(_addresses(state))
    return tuple(one for one in imports if one.to not in held)


def _block(index: int, address: str) -> str:
    return f"import {{\n  to = {address}\n  id = var.{_VARIABLE}[{index}]\n}}\n"


def _addresses(state: Mapping[str, Any]) -> Iterator[str]:
    for resource in state.get("resources") or ():
        if resource.get("mode") != "managed":
            continue
        module = f"{resource['module']}." if resource.get("module") else ""
        for instance in resource.get("instances") or ():
            if "deposed" not in instance:
                yield f"{module}{resource['type']}.{resource['name']}{_index(instance.get('index_key'))}"


def _index(key: int | str | None) -> str:
    return "" if key is None else f"[{json.dumps(key, ensure_ascii=False)}]"
