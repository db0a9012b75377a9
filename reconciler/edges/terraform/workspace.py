"""One instance's private directory: its tree, its variables, its lock.

Two runs in one directory would overwrite each other's `errored.tfstate`, so each instance has its own, and one run at a
time holds it by a file lock. Terraform inherits the lock: one that outlives a killed daemon still holds its directory.
It is rebuilt only when the tree changed, and never touched while it holds a state that could not be uploaded.
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

from desired_state.tree import Tree
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
    """The held lock of a directory, to be passed on to every child that works in it."""

    descriptor: int

    def tell(self, pid: int) -> None:
        """Leave the number of the process that works here, for whoever finds the directory held."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, str(pid).encode(), 0)


@dataclass(frozen=True, slots=True)
class WorkspaceLayout:
    """Where things are in an instance's directory."""

    home: Path
    root: Path

    @property
    def tree_file(self) -> Path:
        """Names the tree that lies here; absent while it is being rebuilt."""
        return self.home / ".tree"

    @property
    def stamp_file(self) -> Path:
        """What the last `init` was made with."""
        return self.home / ".initialised"

    @property
    def backend_record(self) -> Path:
        """Where `init` notes the backend. Cut short, by a kill or a full disk, it would fail every later `init`."""
        return self.root / ".terraform" / "terraform.tfstate"

    @property
    def plan_file(self) -> Path:
        """The plan between `plan` and `apply`."""
        return self.home / "tfplan"

    @property
    def lost_state(self) -> Path:
        """The state of an apply that could not upload it."""
        return self.root / LOST_STATE

    @property
    def backend_file(self) -> Path:
        """The backend's configuration."""
        return self.root / BACKEND_FILE

    @property
    def provider_lock(self) -> Path:
        """Terraform's dependency lock as it came with the tree; `init` may rewrite the one in the root."""
        return self.home / ".provider-lock"


def layout(work: Path, run: Run) -> WorkspaceLayout:
    """The instance's place. Raises: TerraformFailed for a name that is no plain folder name."""
    for name in (run.key.environment, run.key.name, run.root):
        if not _NAME.fullmatch(name):
            raise TerraformFailed(Reason.INVALID_CONFIGURATION, f"{name!r} cannot be the name of a folder")
    home = work.absolute() / run.key.environment / run.key.name
    return WorkspaceLayout(home, home / "roots" / run.root)


@contextlib.contextmanager
def locked(home: Path) -> Iterator[WorkspaceLock]:
    """Hold the directory. Raises: TerraformFailed (StateLocked) when a run, ours or an orphan, works in it."""
    home.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(home / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise TerraformFailed(Reason.STATE_LOCKED, _held_by(descriptor, home)) from None
        held = WorkspaceLock(descriptor)
        held.tell(os.getpid())
        yield held
    finally:
        os.close(descriptor)  # never LOCK_UN: it would take the lock from a terraform that lives on


def _held_by(descriptor: int, home: Path) -> str:
    """Who holds the directory. What is left of a run that was killed is ended, so that the next pass finds it free."""
    pid = os.pread(descriptor, 32, 0).decode(errors="replace") or "unknown"
    if pid.isdecimal() and leftovers.end(int(pid), home):
        return f"an earlier run (pid {pid}) was killed; what it left running here was ended: {home}"
    return f"an earlier run still works here (pid {pid}): {home}"


def check_state_kept(home: Path) -> None:
    """Raises: TerraformFailed (StateConflict) when the directory holds the only copy of a state."""
    for kept in sorted(home.glob(f"**/{LOST_STATE}")):
        message = f"the last state could not be uploaded and is kept in {kept}: push it back before anything else runs"
        raise TerraformFailed(Reason.STATE_CONFLICT, message)


def tree_of_kept_state(place: WorkspaceLayout) -> str | None:
    """The tree that lies here beside a state that could not be uploaded; None when there is no such state.

    Raises: TerraformFailed (StateConflict) when the state cannot be pushed back from here.
    """
    if place.lost_state.is_file() and place.tree_file.is_file() and place.backend_file.is_file():
        return place.tree_file.read_text()
    check_state_kept(place.home)
    return None


def has_tree(place: WorkspaceLayout, run: Run) -> bool:
    """True when the run's tree lies here in full."""
    return place.tree_file.is_file() and place.tree_file.read_text() == run.tree_id and place.root.is_dir()


def rebuild(place: WorkspaceLayout, run: Run, tree: Tree) -> None:
    """Replace the tree; the directory must be held. Interrupted half-way, it is simply rebuilt again."""
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
    """Write variables and backend; without a backend the state is a local one, to be thrown away."""
    write_private(root / VARIABLES_FILE, json.dumps(dict(variables), indent=2, sort_keys=True))
    if backend is None:
        (root / BACKEND_FILE).unlink(missing_ok=True)
        write_private(root / _OVERRIDE_FILE, _OVERRIDE)
    else:
        (root / _OVERRIDE_FILE).unlink(missing_ok=True)
        write_private(root / BACKEND_FILE, backend)


def render(run: Run, tree: Tree, *, backend: str | None, directory: Path) -> Path:
    """Write what a workspace consists of to a directory of a person's choice; returns where to run terraform.

    Raises: TerraformFailed when the directory holds something already, or the tree lacks the root.
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
    """Write beside and rename, readable by nobody else."""
    descriptor, beside = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(beside).replace(path)
