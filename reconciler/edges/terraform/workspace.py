"""One instance's private directory: its tree, its variables, its lock.

Two runs in one directory would overwrite each other's `errored.tfstate`, so each instance has its own, and a file lock
admits one run at a time. Terraform inherits the lock: one that outlives a killed daemon keeps its directory locked. The
directory is rebuilt only when the tree changed, and never touched while it holds a state that could not be uploaded.
"""

import contextlib
import fcntl
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from desired_state.files.tree import Tree
from reconciler.core.ports.terraform import Run, TerraformFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.process import leftovers
from reconciler.edges.store.trees import TreeFailed, write_tree
from reconciler.edges.terraform import imports

BACKEND_FILE = "backend.tfbackend"
VARIABLES_FILE = "terraform.tfvars.json"
LOST_STATE = "errored.tfstate"
_OVERRIDE_FILE = "zz_local_state_override.tf"
_OVERRIDE = 'terraform {\n  backend "local" {}\n}\n'
_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,62}[a-z0-9])?")


@dataclass(frozen=True, slots=True)
class WorkspaceLock:
    """The acquired lock of a directory, to be passed to every child that works in it."""

    descriptor: int

    def record_pid(self, pid: int) -> None:
        """Write the id of the process that works in the directory, for the message of a run that finds it locked."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(pid).encode(), 0)


@dataclass(frozen=True, slots=True)
class WorkspaceLayout:
    """The paths in an instance's directory."""

    home: Path
    root: Path

    @property
    def tree_file(self) -> Path:
        """The file with the id of the directory's tree; absent during a rebuild."""
        return self.home / ".tree"

    @property
    def stamp_file(self) -> Path:
        """The file with the stamp of the last `init`."""
        return self.home / ".initialised"

    @property
    def backend_record(self) -> Path:
        """The record of the backend by `init`. A kill or a full disk may cut it; it would then fail every `init`."""
        return self.root / ".terraform" / "terraform.tfstate"

    @property
    def plan_file(self) -> Path:
        """The plan file, between `plan` and `apply`."""
        return self.home / "tfplan"

    @property
    def stored_plan_file(self) -> Path:
        """The plan against the stored state, while it is read."""
        return self.home / "tfplan-of-state"

    @property
    def lost_state(self) -> Path:
        """The state that an apply could not upload."""
        return self.root / LOST_STATE

    @property
    def backend_file(self) -> Path:
        """The backend's configuration file."""
        return self.root / BACKEND_FILE

    @property
    def provider_lock(self) -> Path:
        """Terraform's dependency lock file as it is in the tree; `init` may rewrite the one in the root."""
        return self.home / ".provider-lock"


def layout(work: Path, run: Run) -> WorkspaceLayout:
    """Return the layout of the instance's directory. Raises: TerraformFailed for a name that is no folder name."""
    for name in (run.key.environment, run.key.name, run.root):
        if not _NAME.fullmatch(name):
            raise TerraformFailed(Reason.INVALID_CONFIGURATION, f"{name!r} cannot be the name of a folder")
    home = work.absolute() / run.key.environment / run.key.name
    return WorkspaceLayout(home, home / "roots" / run.root)


@contextlib.contextmanager
def locked(home: Path) -> Iterator[WorkspaceLock]:
    """Lock the directory. Raises: TerraformFailed (StateLocked) while a run of this or a killed daemon works in it."""
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TerraformFailed(Reason.STATE_LOCKED, _describe_holder(descriptor, home)) from None
        lock = WorkspaceLock(descriptor)
        lock.record_pid(os.getpid())
        yield lock
    finally:
        os.close(descriptor)  # never LOCK_UN: it would unlock the directory for a terraform that still runs


def _describe_holder(descriptor: int, home: Path) -> str:
    """Describe the holder of the directory, and end what a killed run left in it, so that the next pass can lock it."""
    pid = os.pread(descriptor, 32, 0).decode(errors="replace") or "unknown"
    if pid.isdecimal() and leftovers.end(int(pid), home):
        return f"an earlier run (pid {pid}) was killed, and the processes that it left in {home} were ended; retry"
    return f"an earlier run (pid {pid}) still works in {home}: wait for its end"


def check_state_kept(home: Path) -> None:
    """Check that no state has its only copy in the directory. Raises: TerraformFailed (StateConflict)."""
    for kept in sorted(home.glob(f"**/{LOST_STATE}")):
        message = f"an apply could not upload its state, which is kept in {kept}: push it with `terraform state push`"
        raise TerraformFailed(Reason.STATE_CONFLICT, message)


def tree_of_kept_state(place: WorkspaceLayout) -> str | None:
    """Return the id of the tree beside a state that could not be uploaded; None when there is no such state.

    Raises: TerraformFailed (StateConflict) when the state cannot be pushed from this directory.
    """
    if place.lost_state.is_file() and place.tree_file.is_file() and place.backend_file.is_file():
        return place.tree_file.read_text()
    check_state_kept(place.home)
    return None


def has_tree(place: WorkspaceLayout, run: Run) -> bool:
    """Return True when the directory holds the run's tree in full."""
    return place.tree_file.is_file() and place.tree_file.read_text() == run.tree_id and place.root.is_dir()


def rebuild(place: WorkspaceLayout, run: Run, tree: Tree) -> None:
    """Replace the tree; the directory must be locked. After an interruption the next run rebuilds it again."""
    check_state_kept(place.home)
    place.tree_file.unlink(missing_ok=True)
    for entry in os.scandir(place.home):
        if entry.name != ".lock":
            shutil.rmtree(entry) if entry.is_dir(follow_symlinks=False) else Path(entry).unlink()
    _write_root(place.home, run, tree)
    provider_lock = tree.get(f"roots/{run.root}/.terraform.lock.hcl")
    if provider_lock is not None:
        place.provider_lock.write_bytes(provider_lock)
    place.tree_file.write_text(run.tree_id)


def write_inputs(root: Path, variables: Mapping[str, Any], backend: str | None) -> None:
    """Write variables and backend; without a backend the state is local and thrown away."""
    write_private(root / VARIABLES_FILE, json.dumps(dict(variables), indent=2, sort_keys=True))
    if backend is None:
        (root / BACKEND_FILE).unlink(missing_ok=True)
        write_private(root / _OVERRIDE_FILE, _OVERRIDE)
    else:
        (root / _OVERRIDE_FILE).unlink(missing_ok=True)
        write_private(root / BACKEND_FILE, backend)


def render(run: Run, tree: Tree, *, backend: str | None, directory: Path) -> Path:
    """Write the content of a workspace to a directory of the operator's choice; return where to run terraform.

    Raises: TerraformFailed when the directory is not empty, or the tree lacks the root.
    """
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise TerraformFailed(Reason.INVALID_CONFIGURATION, f"{directory} is not an empty directory")
    directory.mkdir(parents=True, exist_ok=True)
    _write_root(directory, run, tree)
    root = directory / "roots" / run.root
    write_inputs(root, run.variables, backend)
    imports.write(root, run.imports)
    return root


def _write_root(directory: Path, run: Run, tree: Tree) -> None:
    prefix = f"roots/{run.root}/"
    if not any(name.startswith(prefix) and name.endswith((".tf", ".tf.json")) for name in tree):
        raise TerraformFailed(Reason.INVALID_CONFIGURATION, f"there is no Terraform root at {prefix}")
    try:
        write_tree(tree, directory)
    except TreeFailed as error:
        raise TerraformFailed(Reason.INVALID_CONFIGURATION, str(error)) from error


def write_private(path: Path, text: str) -> None:
    """Write to a temporary file and rename it; only the owner can read it."""
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(temporary).replace(path)
