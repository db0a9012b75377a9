"""Attaches Terraform runs to the warm provider.

The binary is the one that Terraform installed in the workspace or finds in a mirror, and it must match the root's lock
file. A root without the AWS provider, or a provider that is not installed yet, simply runs plainly.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from reconciler.edges.process.threads import settled
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import AWS, Binary, PackageNotFound, locate, read_lock


class WarmRuns:
    """The hook that `TerraformCli` calls for every workspace."""

    def __init__(self, provider: WarmProvider, mirrors: Sequence[Path]) -> None:
        self._provider, self._mirrors = provider, tuple(mirrors)

    @asynccontextmanager
    async def __call__(self, root: Path, environment: Mapping[str, str]) -> AsyncIterator[Mapping[str, str]]:
        """What to add to the run's environment; nothing for a plain run. Raises: PackageUnverified."""
        binary = await settled(self._binary, root)
        if binary is None:
            yield {}
            return
        async with self._provider.attach(binary=binary, environment=environment, workspace=root) as attachment:
            yield attachment.environment

    def _binary(self, root: Path) -> Binary | None:
        lock = root / ".terraform.lock.hcl"
        locked = read_lock(lock.read_text()).get(AWS) if lock.is_file() else None
        if locked is None:
            return None
        try:
            return locate([root / ".terraform" / "providers", *self._mirrors], locked)
        except PackageNotFound:
            return None
