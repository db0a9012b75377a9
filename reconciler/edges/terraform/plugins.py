"""The sources of Terraform's providers: filesystem mirrors of this machine, and a cache of downloads.

Providers that a mirror holds are used from there, and Terraform downloads only the others. The daemon writes this into
its own CLI configuration, because the one of a user or an image may name a missing folder or another source, and
because without one Terraform also runs programs from the folder `terraform.d/plugins` of a root. Only allowed providers
are installed. Without a mirror, downloads go into a cache, because each workspace would otherwise hold its own 700 MB.
The cache is not safe for concurrent `init`s (hashicorp/terraform#31964), so they take turns.
"""

import asyncio
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from reconciler.edges.terraform.hcl import quote

MIRROR_VARIABLE = "RECONCILER_PLUGIN_MIRROR"
_HOST = "registry.terraform.io"
AWS_ONLY = (f"{_HOST}/hashicorp/aws",)
_INSTALLED = Path("/opt")
_RETRY_SECONDS = 0.2


def find_mirrors(environment: Mapping[str, str], *, installed: Path = _INSTALLED) -> tuple[Path, ...]:
    """Return the filesystem mirrors of this machine, the configured one first."""
    return tuple(dict.fromkeys(path for path in _candidates(environment, installed) if (path / _HOST).is_dir()))


class CacheBusy(Exception):
    """Other `init`s used the cache for longer than a caller may wait."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """The CLI configuration (the value for `TF_CLI_CONFIG_FILE`) and the cache it names, if any."""

    configuration: Path
    cache: Path | None = None

    @asynccontextmanager
    async def turn(self, patience: timedelta) -> AsyncIterator[None]:
        """Use the cache alone, among all processes of this machine. Raises: CacheBusy after `patience`."""
        if self.cache is None:
            yield
            return
        descriptor = os.open(self.cache / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await _lock(descriptor, patience)
            yield
        finally:
            os.close(descriptor)


def configure(directory: Path, mirrors: Sequence[Path], *, only: Iterable[str] = AWS_ONLY) -> Plugins:
    """Write the daemon's CLI configuration, and create a cache when there is no mirror; `only` these are installed."""
    directory = directory.absolute()
    cache = None if mirrors else directory / "plugins"
    (cache or directory).mkdir(parents=True, exist_ok=True)
    path = directory / "terraform.rc"
    descriptor, temporary = tempfile.mkstemp(dir=directory, prefix=".terraform.rc-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(configuration(mirrors, cache, only=only))
    Path(temporary).replace(path)
    return Plugins(path, cache)


def configuration(mirrors: Sequence[Path], cache: Path | None, *, only: Iterable[str] = AWS_ONLY) -> str:
    """Return the configuration's text: mirrors first, and the providers that they hold are never downloaded.

    A method without names would install everything, so that one with nothing to install is left out.
    """
    allowed = sorted(only)
    held = [(mirror, [source for source in _sources(mirror) if source in allowed]) for mirror in mirrors]
    lines = [f"plugin_cache_dir = {quote(str(cache))}"] if cache else []
    lines += ["provider_installation {"]
    for mirror, sources in held:
        path = f"    path    = {quote(str(mirror))}"
        if sources:
            lines += ["  filesystem_mirror {", path, f"    include = [{_names(sources)}]", "  }"]
    if missing := [source for source in allowed if not any(source in sources for _, sources in held)]:
        lines += ["  direct {", f"    include = [{_names(missing)}]", "  }"]
    return "\n".join([*lines, "}", ""])


def _names(sources: Iterable[str]) -> str:
    return ", ".join(map(quote, sources))


async def _lock(descriptor: int, patience: timedelta) -> None:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            while True:
                try:
                    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    await asyncio.sleep(_RETRY_SECONDS)
    except TimeoutError:
        raise CacheBusy(f"another `terraform init` used the plugin cache for {patience}") from None


def _candidates(environment: Mapping[str, str], installed: Path) -> Iterator[Path]:
    """Yield possible mirrors: the configured one, those of Terraform in its own order, those below `installed`."""
    if named := environment.get(MIRROR_VARIABLE):
        yield Path(named).absolute()
    if home := environment.get("HOME"):
        yield Path(home, ".terraform.d/plugins")
        yield Path(environment.get("XDG_DATA_HOME") or Path(home, ".local/share"), "terraform/plugins")
        yield Path(home, "Library/Application Support/io.terraform/plugins")
    shared = environment.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share"
    yield from (Path(folder, "terraform/plugins") for folder in shared.split(":") if folder)
    if installed.is_dir():
        yield from sorted(folder.parent for folder in installed.glob(f"*/{_HOST}"))


def _sources(mirror: Path) -> list[str]:
    """Return the providers of a mirror as source addresses."""
    return sorted(f"{_HOST}/{path.parent.name}/{path.name}" for path in (mirror / _HOST).glob("*/*") if path.is_dir())
