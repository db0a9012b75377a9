"""Factories of the edges, from the settings. Each command builds only the edges that it needs."""

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from desired_state.files.tree import Tree
from reconciler.app.rules import refs
from reconciler.config.models import Settings
from reconciler.config.redaction import redaction_key
from reconciler.core.code.allowances import install_only
from reconciler.core.ports.source import Source, SourceFailed
from reconciler.core.ports.store import Reports, TreeArchive
from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.aws.clients import AwsClients, Home
from reconciler.edges.policy_command import PolicyCommand
from reconciler.edges.source.directory import DirectorySource
from reconciler.edges.source.git import GitSource
from reconciler.edges.source.repository import Access, GitFailed, check_url, credentials
from reconciler.edges.source.terraform_roots import RootsSource
from reconciler.edges.source.tree_mirror import TreeMirror
from reconciler.edges.state.settings import StateSettings
from reconciler.edges.store.dynamodb import DynamoStore
from reconciler.edges.store.reports import DirectoryReports
from reconciler.edges.store.s3 import S3Reports, S3Trees
from reconciler.edges.store.sqlite import SqliteStore
from reconciler.edges.store.trees import DirectoryTrees, read_tree
from reconciler.edges.terraform.cli import TerraformCli
from reconciler.edges.terraform.plugins import configure, find_mirrors
from reconciler.edges.terraform.runner import Timeouts
from reconciler.edges.terraform.sessions import Sessions
from reconciler.edges.terraform.warm import WarmRuns
from reconciler.provider.client import WarmProvider
from reconciler.provider.control import short_directory

_SESSION = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN")


def _ignore(*_: object) -> None:
    """Discard an event: the default callback."""


def judge(settings: Settings, work: Path) -> PolicyCommand | None:
    """Return the configured policy command, which judges plans in addition to the rules; None without one."""
    policy = settings.policy
    return PolicyCommand(policy.command, timeout=policy.timeout, work=work, base=os.environ) if policy.command else None


def redactor(settings: Settings) -> Redactor:
    """Build the redactor, which also knows the daemon's own secrets: settings, repository URLs and AWS session."""
    own = (settings.auth.token, settings.slack.token, settings.slack.webhook, settings.redaction.key)
    key = redaction_key(settings)
    known = [secret.get_secret_value() for secret in own if secret]
    known += [key.decode(errors="replace")]
    known += [
        secret for url in (settings.git.url, settings.terraform.source.git.url) for secret in credentials(url or "")
    ]
    known += [os.environ[name] for name in _SESSION if name in os.environ]
    return Redactor(key, known)


def store(settings: Settings, clients: AwsClients) -> SqliteStore | DynamoStore:
    """Return the store of records: a SQLite file, or a DynamoDB table."""
    if settings.store.table is None:
        return SqliteStore(settings.store.path)
    return DynamoStore(clients, settings.store.table, _home(settings))


def trees(settings: Settings, clients: AwsClients) -> TreeArchive:
    """Return the archive of Terraform trees: a folder, or an S3 bucket."""
    storage = settings.store
    if storage.bucket is None:
        return DirectoryTrees(settings.data / "trees")
    return S3Trees(clients, storage.bucket, _home(settings), kms_key_id=storage.kms_key_id)


def reports(settings: Settings, clients: AwsClients) -> Reports:
    """Return the storage of drift reports: a folder, or an S3 bucket."""
    storage = settings.store
    if storage.bucket is None:
        return DirectoryReports(settings.reports.path)
    return S3Reports(clients, storage.bucket, _home(settings), kms_key_id=storage.kms_key_id)


def _home(settings: Settings) -> Home:
    return Home(settings.store.region, settings.store.endpoint)


def terraform_tree(settings: Settings) -> Tree:
    """Read the Terraform roots and modules from disk; return an empty tree when they come from Git."""
    return {} if settings.terraform.source.git.url else read_tree(settings.terraform.source.path)


def tree_mirror(settings: Settings, directory: Path) -> TreeMirror | None:
    """Return a mirror of the Terraform repository in `directory`; None when the roots come from a folder.

    Raises: SourceFailed for a URL that is not accepted.
    """
    origin = settings.terraform.source.git
    if origin.url is None:
        return None
    try:
        url = check_url(origin.url)
    except GitFailed as error:
        raise SourceFailed(f"terraform.source.git.url: {error}") from None
    return TreeMirror(directory.absolute(), url, origin.path, Access(settings.git.timeout, os.environ))


def source(settings: Settings) -> Source:
    """Return the source of manifests, with the Terraform trees of each environment. Raises: SourceFailed."""
    manifests = _manifests(settings)
    mirror = tree_mirror(settings, settings.data / "roots.git")
    return RootsSource(manifests, mirror, refs(settings)) if mirror else manifests


def _manifests(settings: Settings) -> Source:
    """Return the source of manifests alone: a Git repository, or a watched folder."""
    if settings.git.directory:
        on_disk = [] if settings.terraform.source.git.url else [settings.terraform.source.path]
        return DirectorySource(settings.git.directory, lambda: terraform_tree(settings), watched=on_disk)
    return GitSource(
        settings.git.url or "",
        settings.git.branch,
        settings.git.path,
        directory=settings.data / "mirror.git",
        interval=settings.git.interval,
        timeout=settings.git.timeout,
        environment=os.environ,
        roots=lambda: terraform_tree(settings),
    )


def terraform(
    settings: Settings,
    trees: TreeArchive,
    *,
    work: Path,
    remote_state: bool = True,
    warm: WarmRuns | None = None,
    redact: Callable[..., str],
    on_phase: Callable[[str, float], None] = _ignore,
    on_run: Callable[[str, str], None] = _ignore,
    warn: Callable[[str], None] = _ignore,
) -> TerraformCli:
    """Return a Terraform runner with its workspaces under `work`; without `remote_state`, states are discarded too."""
    return TerraformCli(
        settings.terraform.binary,
        work=work,
        trees=trees,
        state=state(settings) if remote_state else None,
        plugins=configure(settings.data, find_mirrors(os.environ), only=install_only(settings.allowances())),
        environment=os.environ,
        drain=settings.stop.drain,
        grace=settings.stop.grace,
        timeouts=Timeouts(
            init=settings.terraform.timeouts.init,
            plan=settings.terraform.timeouts.plan,
            apply=settings.terraform.timeouts.apply,
            lock=settings.terraform.lock_timeout,
        ),
        warm=warm,
        redact=redact,
        on_phase=on_phase,
        on_run=on_run,
        warn=warn,
        allowances=settings.allowances(),
        sessions=Sessions(),
    )


def provider_directory(data: Path) -> Path:
    """Return the socket directory of the warm provider in a data folder, see `short_directory`."""
    return short_directory(data.absolute() / "provider")


@asynccontextmanager
async def warm_runs(settings: Settings, directory: Path) -> AsyncIterator[WarmRuns | None]:
    """Run a warm provider in `directory` for the length of a block; yield None when it is switched off.

    Leaving the block waits for the attached runs and removes the directory.
    """
    if not settings.terraform.warm:
        yield None
        return
    provider = await WarmProvider.start(directory)
    try:
        yield WarmRuns(provider, find_mirrors(os.environ))
    finally:
        await provider.stop()
        shutil.rmtree(directory, ignore_errors=True)


def state(settings: Settings) -> StateSettings:
    """Return the location of Terraform states as the edges use it."""
    return StateSettings(
        bucket=settings.state.bucket,
        lock_table=settings.state.lock_table,
        access_logs_bucket=settings.state.access_logs_bucket,
        registry_scanning=settings.state.registry_scanning,
        kms_key_id=settings.state.kms_key_id,
        prefix=settings.state.prefix,
    )
