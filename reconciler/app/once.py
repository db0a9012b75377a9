"""Commands that do one thing without the daemon: make what states need, write an instance as a folder."""

import asyncio
import tempfile
from collections.abc import Sequence
from pathlib import Path

from desired_state.instance import Key
from desired_state.snapshot import Snapshot, build
from reconciler.app import parts
from reconciler.config import ConfigFailed, Settings
from reconciler.core.inputs import placeholder_platform, variables
from reconciler.core.ports import Run
from reconciler.edges.git import read_revision
from reconciler.edges.repository import redacted
from reconciler.edges.trees import DirectoryTrees


async def read_snapshot(settings: Settings, repo: str, commit: str | None) -> Snapshot:
    """The snapshot of one commit: the named one, else the configured branch, else what another repository has checked
    out. Raises: SourceFailed."""
    branch = settings.git.branch if repo == settings.git.url else None
    revision = await asyncio.to_thread(
        read_revision,
        repo,
        commit or branch,
        path=settings.git.path,
        timeout=settings.git.timeout,
        roots=lambda: parts.terraform_tree(settings),
    )
    return build(
        commit=revision.commit, files=revision.files, roots=revision.roots, environments=settings.facts() or None
    )


async def bootstrap(settings: Settings, names: Sequence[str]) -> list[str]:
    """Make the state bucket and the lock table of each environment's account and region, once each.

    Raises: TerraformFailed.
    """
    redactor = parts.redactor(settings)
    directory = settings.data / "bootstrap"
    terraform = parts.terraform(
        settings, DirectoryTrees(settings.data / "trees"), work=settings.data / "work", redact=redactor.text
    )
    tree, said, done = parts.terraform_tree(settings), [], set()
    for environment in map(settings.environment, names):
        place = (environment.account, environment.region)
        if place in done:
            continue
        done.add(place)
        outputs = await terraform.bootstrap(environment, directory, tree=tree)
        said.append(
            f"{environment.account} {environment.region}: "
            f"bucket {outputs['bucket']}, lock table {outputs['lock_table']}"
        )
    return said


async def render(settings: Settings, *, repo: str, commit: str | None, key: Key, directory: Path) -> list[str]:
    """Write one instance as a folder to plan by hand. Returns what to do there.

    The platform's outputs are placeholders: the real ones are in its state, `terraform output -json platform`.
    Raises: SourceFailed, ConfigFailed, TerraformFailed.
    """
    snapshot = await read_snapshot(settings, repo, commit)
    instance = snapshot.instances.get(key)
    if instance is None:
        raise ConfigFailed([f"{key} is not in {redacted(repo, repo)} at {snapshot.commit[:12]}"])
    environment = settings.environment(key.environment)
    inputs = variables(instance, environment, platform=placeholder_platform(environment), image=None)
    with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
        trees = DirectoryTrees(Path(scratch, "trees"))
        await trees.put(instance.tree_id, snapshot.trees[instance.tree_id])
        terraform = parts.terraform(settings, trees, work=Path(scratch, "work"), redact=parts.redactor(settings).text)
        run = Run(key, instance.root, instance.tree_id, inputs, environment, instance.spec.imports)
        root = await terraform.render(run, directory)
    lines = [f"cd {root}", "terraform init -backend-config=backend.tfbackend", "terraform plan"]
    if instance.kind == "Service":
        lines.insert(0, "# terraform.tfvars.json has placeholders where the platform's outputs and the image belong")
    return lines
