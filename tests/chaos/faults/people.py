"""People who run Terraform by hand beside the daemon, or change AWS with their own hands."""

import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from reconciler.edges.terraform.plugins import configure, find_mirrors
from tests.chaos.faults.strike import Struck, moments
from tests.chaos.schedule import Fault
from tests.chaos.stage import Stage

_TAKES = 240
_MADE_WITHIN = 120.0
_LOCK_WAIT = "-lock-timeout=20s"


def _applying(*arguments: str) -> Callable[[Stage, Fault], Struck]:
    def strike(stage: Stage, fault: Fault) -> Struck:
        with tempfile.TemporaryDirectory(prefix="by-hand-") as name:
            root = _render(stage, fault.target, Path(name))
            for _ in moments(stage, fault):
                ended = _terraform(stage, root, "apply", "-auto-approve", _LOCK_WAIT, *arguments)
                how = "applied" if ended.returncode == 0 else f"refused: {' '.join(ended.stderr.split())[:80]}"
                return Struck(how)
        raise AssertionError("moments end by themselves")

    return strike


def changes(stage: Stage, fault: Fault) -> Struck:
    """A parameter gets another value, or is deleted."""
    name = f"/{fault.target}/{random.Random(fault.seed).choice('ab')}"
    deletes = random.Random(fault.seed).random() < 0.4
    for _ in moments(stage, fault):
        if deletes:
            stage.call("ssm", "delete_parameter", Name=name)
            return Struck(f"{name} deleted")
        stage.call("ssm", "put_parameter", Name=name, Value="by hand", Overwrite=True)
        return Struck(f"{name} changed")
    raise AssertionError("moments end by themselves")


def _render(stage: Stage, name: str, folder: Path) -> Path:
    """The instance as a folder, initialised, as the documentation tells people to do it; tried until it works."""
    root = folder / "root" / "roots" / name
    configure(folder, find_mirrors(os.environ))

    def is_made() -> bool:
        shutil.rmtree(folder / "root", ignore_errors=True)
        if stage.run("render", f"develop/{name}", str(folder / "root")).returncode:
            return False
        return _terraform(stage, root, "init", "-backend-config=backend.tfbackend").returncode == 0

    stage.wait(is_made, f"a person renders and initialises {name}", within=_MADE_WITHIN)
    return root


def _terraform(stage: Stage, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = stage.aws.environment() | {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "TF_CLI_CONFIG_FILE": str(root.parents[2] / "terraform.rc"),
        "TF_INPUT": "0",
        "CHECKPOINT_DISABLE": "1",
    }
    return subprocess.run(
        ["terraform", arguments[0], "-no-color", *arguments[1:]],
        cwd=root,
        env=environment,
        capture_output=True,
        text=True,
        timeout=_TAKES,
    )


STRIKES = {
    "person-applies": _applying(),
    "person-applies-otherwise": _applying("-var=value=by hand"),
    "person-changes-aws": changes,
}
