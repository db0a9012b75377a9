"""The provider's binary: finding the one that Terraform installed, and verifying it against the lock file.

The warm provider starts a binary only if its package matches an `h1:` hash of `.terraform.lock.hcl`, the digest of the
unpacked package. Hashing hundreds of megabytes takes about a second, so a digest is cached as long as size, time and
inode of all files stay the same.

    PackageNotFound     no directory has this provider in the locked version
    PackageUnverified   the package that was found does not match the lock file
"""

import base64
import functools
import hashlib
import platform
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

AWS = "registry.terraform.io/hashicorp/aws"
_BLOCK = re.compile(r'^provider\s+"([^"]+)"\s*\{(.*?)^\}', re.MULTILINE | re.DOTALL)
_VERSION = re.compile(r'^\s*version\s*=\s*"([^"]+)"', re.MULTILINE)
_HASH = re.compile(r'"(h1:[^"]+)"')
_ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


class PackageNotFound(Exception):
    """The package is not installed; `terraform init` installs it."""


class PackageUnverified(Exception):
    """A package is installed, but its hash is not in the lock file."""


@dataclass(frozen=True, slots=True)
class Locked:
    """The entry of one provider in a lock file: its version and its `h1:` hashes."""

    version: str
    hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Binary:
    """A provider binary; `package` is the `h1:` hash of its package."""

    path: Path
    package: str


def read_lock(text: str) -> dict[str, Locked]:
    """Read the providers of a `.terraform.lock.hcl`. Returns them by source address."""
    found = {}
    for source, body in _BLOCK.findall(text):
        version = _VERSION.search(body)
        if version:
            found[source] = Locked(version.group(1), frozenset(_HASH.findall(body)))
    return found


def locate(directories: Iterable[Path], locked: Locked | None, source: str = AWS) -> Binary:
    """Find the binary of a provider in `.terraform/providers` or mirror directories; the first match wins.

    Without `locked` the newest version is returned unverified, for callers that verify it otherwise.
    Raises PackageNotFound, PackageUnverified.
    """
    unverified: Path | None = None
    for package in _packages(directories, source, locked.version if locked else "*"):
        binary = next((file for file in sorted(package.glob("terraform-provider-*")) if file.is_file()), None)
        if binary is None:
            continue
        digest = package_digest(package)
        if locked is None or digest in locked.hashes:
            return Binary(binary.resolve(), digest)
        unverified = package
    if unverified is not None:
        raise PackageUnverified(f"{unverified} does not match the h1 hashes of the lock file: run `terraform init`")
    raise PackageNotFound(f"no package of {source} was found: run `terraform init`")


def package_digest(package: Path) -> str:
    """Return the `h1:` hash of an unpacked package, as in Terraform's lock file."""
    root = package.resolve()
    files = tuple(
        (str(file.relative_to(root)), (status := file.stat()).st_size, status.st_mtime_ns, status.st_ino)
        for file in sorted(root.rglob("*"))
        if file.is_file()
    )
    return _package_digest(root, files)


@functools.lru_cache(maxsize=64)
def _package_digest(root: Path, files: tuple[tuple[str, int, int, int], ...]) -> str:
    lines = hashlib.sha256()
    for name in sorted(name for name, _, _, _ in files):
        with (root / name).open("rb") as file:
            lines.update(f"{hashlib.file_digest(file, 'sha256').hexdigest()}  {name}\n".encode())
    return "h1:" + base64.b64encode(lines.digest()).decode()


def _packages(directories: Iterable[Path], source: str, version: str) -> Iterator[Path]:
    """Yield the package directories for this platform, the newest version first in each directory."""
    for directory in directories:
        candidates = (directory / source).glob(f"{version}/{_platform()}")
        yield from sorted(candidates, key=lambda path: _order(path.parent.name), reverse=True)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _platform() -> str:
    machine = platform.machine()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"
