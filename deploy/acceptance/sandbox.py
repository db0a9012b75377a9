"""The folder of a run: journal, repository of manifests, working copy, and the daemon's configuration and data.

It lasts from the first start to the end of the teardown, however often the run is cut off.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml

from deploy.local.leftovers import end_leftovers
from deploy.local.workplace import ROOT, Workplace, free_port, git
from reconciler.core.environment import Environment

_ANCHOR = """# An instance without resources: the daemon refuses a commit that has no instance at all.
terraform {
  required_version = "~> 1.11"

  backend "s3" {
    encrypt      = true
    use_lockfile = true
  }
}

variable "environment" {
  type = any
}

variable "aws" {
  type    = any
  default = {}
}
"""
_DRAIN = 1800  # seconds: an apply of a platform takes a quarter of an hour, and is never cut off


@dataclass(slots=True, kw_only=True)
class Sandbox(Workplace):
    """The workplace of a run."""

    target: Environment

    def environment(self) -> dict[str, str]:
        """Return the operator's environment, without settings of another daemon."""
        own = {name: value for name, value in os.environ.items() if not name.startswith("RECONCILER_")}
        mirror = {name: os.environ[name] for name in ("RECONCILER_PLUGIN_MIRROR",) if name in os.environ}
        return own | mirror | {"RECONCILER_CONFIG": str(self.config)}

    def prepare(self) -> None:
        """Make what is missing: Terraform's tree of this run, repository and working copy, the configuration."""
        tree = self.folder / "terraform"
        if not (tree / "roots/anchor/main.tf").exists():
            shutil.copytree(ROOT / "terraform", tree, ignore=shutil.ignore_patterns(".terraform"), dirs_exist_ok=True)
            (tree / "roots/anchor").mkdir(exist_ok=True)
            (tree / "roots/anchor/main.tf").write_text(_ANCHOR)
        bare = self.folder / "manifests.git"
        if not (self.clone / ".git").exists():
            bare.mkdir(parents=True, exist_ok=True)
            git(bare, "init", "--quiet", "--bare", "--initial-branch=main")
            git(self.folder, "clone", "--quiet", str(bare), str(self.clone))
            git(self.clone, "symbolic-ref", "HEAD", "refs/heads/main")
        target = self.target
        named = {"account": target.account, "region": target.region, "tier": target.tier, "role": target.role}
        named |= {"partition": target.partition, "endpoint": target.endpoint}
        settings = {
            "data": str(self.folder / "data"),
            "git": {"url": str(bare), "branch": "main", "interval": "2s"},
            "terraform": {"source": {"path": str(tree)}},
            "environments": {target.name: {name: value for name, value in named.items() if value is not None}},
            "drift": {"confirm_after": "3s"},
            "rollout": {"poll": "2s", "image_poll": "5s"},
            "http": {"host": "127.0.0.1", "port": self.http_port},
            "logs": {"format": "json"},
        }
        self.config.write_text(yaml.safe_dump(settings, sort_keys=False))


@contextmanager
def open_sandbox(folder: Path, target: Environment) -> Iterator[Sandbox]:
    """End what a killed run left running, and open its folder; the daemon is drained at the end of the block."""
    folder.mkdir(parents=True, exist_ok=True)
    end_leftovers(folder, patience=_DRAIN)
    sandbox = Sandbox(folder=folder, http_port=free_port(), target=target)
    sandbox.prepare()
    try:
        yield sandbox
    finally:
        sandbox.stop_daemon(patience=_DRAIN)
