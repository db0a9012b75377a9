"""The code of a workspace, read before Terraform runs it.

A tree is read once in the life of a daemon: its id is the digest of its content. Modules that the configuration allows
to come from elsewhere are read where `init` put them, before the first plan.
"""

import json
import posixpath
from pathlib import Path

from desired_state.files.tree import ROOTS, Tree
from reconciler.core.code.allowances import Allowances
from reconciler.core.code.refusals import Refusal, explain, refusals, refusals_of_folder
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.vocabulary import Reason

_MODULES = Path(".terraform", "modules")


def check_root(tree: Tree, root: str, allowances: Allowances) -> None:
    """Check what a root's code would do on this machine. Raises: TerraformFailed (InvalidConfiguration)."""
    _refuse(refusals(tree, root, allowances))


def check_installed(root: Path, allowances: Allowances) -> None:
    """Check the modules that `init` fetched. Raises: TerraformFailed (InvalidConfiguration)."""
    folders = _fetched(root)
    if not folders:
        return
    tree = {
        path.relative_to(root).as_posix(): path.read_bytes() for path in (root / _MODULES).rglob("*") if path.is_file()
    }
    _refuse(tuple(one for folder in folders for one in refusals_of_folder(tree, folder, ROOTS, allowances)))


def _refuse(found: tuple[Refusal, ...]) -> None:
    if found:
        raise TerraformFailed(Reason.INVALID_CONFIGURATION, explain(found))


def _fetched(root: Path) -> list[str]:
    """Return the folders of the modules from elsewhere, as Terraform recorded them."""
    try:
        entries = json.loads((root / _MODULES / "modules.json").read_text())["Modules"]
        folders = {posixpath.normpath(entry["Dir"]) for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        return []
    return sorted(folder for folder in folders if folder.startswith(f"{_MODULES.as_posix()}/"))
