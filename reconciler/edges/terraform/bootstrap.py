"""The Terraform root `bootstrap`: it creates the bucket and lock table of all other states, and keeps its own on disk.

It runs in one directory per account and region, which must last and is never rebuilt: its files are overwritten, its
state stays.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from desired_state.files.tree import Tree
from reconciler.core.environment import Environment
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.state.settings import StateSettings
from reconciler.edges.store.trees import write_tree
from reconciler.edges.terraform.workspace import WorkspaceLayout, write_inputs

_ROOT = "bootstrap"


def layout(directory: Path, environment: Environment) -> WorkspaceLayout:
    """Return the layout of the lasting directory of one account and region."""
    home = directory.absolute() / f"{environment.account}-{environment.region}"
    return WorkspaceLayout(home, home / _ROOT)


def variables(state: StateSettings | None, environment: Environment) -> Mapping[str, Any]:
    """Return the variables of `terraform/bootstrap`. Raises: TerraformFailed without a bucket and a table to create."""
    if state is None or state.lock_table is None:
        raise TerraformFailed(
            Reason.INVALID_CONFIGURATION, "bootstrap has nothing to create: set state.bucket and state.lock_table"
        )
    return {
        "account": {"id": environment.account, "region": environment.region, "partition": environment.partition},
        "aws": {"role_arn": environment.role, "s3_use_path_style": environment.endpoint is not None},
        "state": {
            "bucket": state.bucket_in(environment),
            "lock_table": state.lock_table,
            "access_logs_bucket": state.access_logs_bucket_in(environment),
            "kms_key_id": state.key_in(environment) if state.kms_key_id else None,
        },
        "registry": {"scanning": state.registry_scanning},
    }


def own_tree(tree: Tree) -> Tree:
    """Return the part of a Terraform tree that is this root. Raises: TerraformFailed when it has none."""
    own = {name: content for name, content in tree.items() if name.startswith(f"{_ROOT}/")}
    if not own:
        raise TerraformFailed(Reason.INVALID_CONFIGURATION, f"the Terraform directory has no {_ROOT}/")
    return own


def write(place: WorkspaceLayout, tree: Tree, values: Mapping[str, Any]) -> None:
    """Overwrite root and variables; the state stays."""
    for old in place.root.glob("*.tf"):
        old.unlink()
    write_tree(tree, place.home)
    write_inputs(place.root, values, None)
