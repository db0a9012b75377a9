"""Single operations without the daemon: bootstrap an account for states, render an instance as a folder."""

import asyncio
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from desired_state.files.tree import Tree
from desired_state.instance import Key
from desired_state.reading.document import Problem
from desired_state.snapshot import Snapshot, build
from reconciler.app import parts, rules
from reconciler.config.models import ConfigFailed, Settings
from reconciler.core.inputs.placeholder import placeholder_platform
from reconciler.core.inputs.variables import variables
from reconciler.core.ports.source import Revision, SourceFailed
from reconciler.core.ports.terraform import Run
from reconciler.edges.aws.clients import AwsClients
from reconciler.edges.source.git import read_revision
from reconciler.edges.source.repository import redacted
from reconciler.edges.source.terraform_roots import read_roots
from reconciler.edges.source.tree_mirror import MissingTree
from reconciler.edges.state.existing import existing_storage
from reconciler.edges.store.trees import DirectoryTrees
from reconciler.edges.terraform.workspace import VARIABLES_FILE

_PLAN = f"terraform plan -var-file={VARIABLES_FILE}"


async def read_snapshot(settings: Settings, repo: str, commit: str | None) -> Snapshot:
    """Build the snapshot of `commit`, else of the configured branch, else, in another repository, of its HEAD.

    Environments whose Terraform roots cannot be read have problems instead of instances. Raises: SourceFailed.
    """
    branch = settings.git.branch if repo == settings.git.url else None
    revision = await asyncio.to_thread(
        read_revision,
        repo,
        commit or branch,
        path=settings.git.path,
        timeout=settings.git.timeout,
        environment=os.environ,
        roots=lambda: parts.terraform_tree(settings),
    )
    revision = await asyncio.to_thread(_rooted, revision, settings)
    snapshot = build(
        commit=revision.commit,
        files=revision.files,
        roots=revision.roots,
        environments=settings.facts() or None,
        roots_of=revision.roots_of,
        tenants=settings.tenancy(),
    )
    troubles = [Problem(setting, 1, 1, message) for setting, message in sorted(revision.troubles.items())]
    return replace(snapshot, problems=(*troubles, *snapshot.problems))


def _rooted(revision: Revision, settings: Settings) -> Revision:
    """Add the Terraform trees to the revision when they come from Git, through a temporary mirror."""
    with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
        mirror = parts.tree_mirror(settings, Path(scratch, "roots.git"))
        return read_roots(revision, mirror, rules.refs(settings)) if mirror else revision


def _default_tree(settings: Settings) -> Tree:
    """Return the Terraform tree of the default ref, without overrides of environments. Raises: SourceFailed."""
    with tempfile.TemporaryDirectory(prefix="reconciler-") as scratch:
        mirror = parts.tree_mirror(settings, Path(scratch, "roots.git"))
        if mirror is None:
            return parts.terraform_tree(settings)
        ref = settings.terraform.source.git.ref
        found = mirror.read([ref])[ref]
    if found.problem or isinstance(found, MissingTree):
        raise SourceFailed(f"terraform.source.git: {found.problem}")
    return found.tree


async def bootstrap(settings: Settings, names: Sequence[str]) -> list[str]:
    """Create the state bucket and the lock table in each environment's account and region, once per pair of them.

    What exists already is adopted. Returns one line for each. Raises: TerraformFailed, SourceFailed, AwsFailed.
    """
    redactor = parts.redactor(settings)
    directory = settings.data / "bootstrap"
    terraform = parts.terraform(
        settings, DirectoryTrees(settings.data / "trees"), work=settings.data / "work", redact=redactor.text
    )
    tree = await asyncio.to_thread(_default_tree, settings)
    clients = AwsClients()
    lines, done = [], set()
    for environment in map(settings.environment, names):
        place = (environment.account, environment.region)
        if place in done:
            continue
        done.add(place)
        existing = await existing_storage(clients, parts.state(settings), environment)
        outputs = await terraform.bootstrap(environment, directory, tree=tree, existing=existing)
        lines.append(
            f"{environment.account} {environment.region}: "
            f"bucket {outputs['bucket']}, lock table {outputs['lock_table']}"
        )
    return lines


async def render(settings: Settings, *, repo: str, commit: str | None, key: Key, directory: Path) -> list[str]:
    """Write one instance as a folder to plan by hand. Returns the commands to run there.

    The platform's outputs are placeholders: the real values are in its state, `terraform output -json platform`.
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
    lines = [f"cd {root}", "terraform init -backend-config=backend.tfbackend", _PLAN]
    if instance.kind in {"Service", "Job"}:
        lines.insert(0, "# replace the placeholders in terraform.tfvars.json: the platform's outputs and the image")
    return lines
