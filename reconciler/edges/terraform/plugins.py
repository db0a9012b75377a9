"""Where Terraform gets its providers from.

A machine may carry them already: then they are taken from there, and Terraform downloads only what is missing. The
choice is written into a CLI configuration of our own, because the one that a user or an image has set may point
nowhere or install from somewhere else. Without a mirror what is downloaded goes into a cache, or every workspace would
hold its own 700 MB; that cache is not safe for several `init`s at once (hashicorp/terraform#31964), so they take turns.
"""

import asyncio
import fcntl
import os
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from reconciler.edges.terraform.hcl import quote

MIRROR_VARIABLE = "RECONCILER_PLUGIN_MIRROR"
_HOST = "registry.terraform.io"
_INSTALLED = Path("/opt")
_LOOK_AGAIN = 0.2


def find_mirrors(environment: Mapping[str, str], *, installed: Path = _INSTALLED) -> tuple[Path, ...]:
    """The filesystem mirrors of this machine, the one that was named first."""
    return tuple(dict.fromkeys(path for path in _candidates(environment, installed) if (path / _HOST).is_dir()))


class TurnNotCome(Exception):
    """Other `init`s kept the cache busy for too long."""


@dataclass(frozen=True, slots=True)
class Plugins:
    """The CLI configuration (the value for `TF_CLI_CONFIG_FILE`) and the cache it names, if any."""

    configuration: Path
    cache: Path | None = None

    @asynccontextmanager
    async def turn(self, patience: timedelta) -> AsyncIterator[None]:
        """Wait until nobody else installs, in this process or another one. Raises: TurnNotCome."""
        if self.cache is None:
            yield
            return
        descriptor = os.open(self.cache / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            await _lock(descriptor, patience)
            yield
        finally:
            os.close(descriptor)


def configure(directory: Path, mirrors: Sequence[Path]) -> Plugins:
    """Write our CLI configuration, and make a cache when there is no mirror."""
    directory = directory.absolute()
    cache = None if mirrors else directory / "plugins"
    (cache or directory).mkdir(parents=True, exist_ok=True)
    path = directory / "terraform.rc"
    descriptor, beside = tempfile.mkstemp(dir=directory, prefix=".terraform.rc-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(configuration(mirrors, cache))
    Path(beside).replace(path)
    return Plugins(path, cache)


def configuration(mirrors: Sequence[Path], cache: Path | None) -> str:
    """The text: mirrors first, and what they hold is never looked for elsewhere."""
    if not mirrors:
        return f"plugin_cache_dir = {quote(str(cache))}\n" if cache else ""
    held = sorted({source for mirror in mirrors for source in _sources(mirror)})
    lines = ["provider_installation {"]
    for mirror in mirrors:
        included = ", ".join(quote(source) for source in _sources(mirror))
        lines += ["  filesystem_mirror {", f"    path    = {quote(str(mirror))}", f"    include = [{included}]", "  }"]
    excluded = ", ".join(quote(source) for source in held)
    return "\n".join([*lines, "  direct {", f"    exclude = [{excluded}]", "  }", "}", ""])


async def _lock(descriptor: int, patience: timedelta) -> None:
    try:
        async with asyncio.timeout(patience.total_seconds()):
            while True:
                try:
                    return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        raise TurnNotCome(f"the plugin cache was in use for {patience}") from None


def _candidates(environment: Mapping[str, str], installed: Path) -> Iterator[Path]:
    """In Terraform's own order, after the one that was named."""
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
    """The providers of a mirror as source addresses."""
    return sorted(f"{_HOST}/{path.parent.name}/{path.name}" for path in (mirror / _HOST).glob("*/*") if path.is_dir())
