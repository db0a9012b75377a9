"""The provider's binary: where Terraform put it, and whether it is the one the lock file means.

The warm provider starts no binary on its own account: it must match an `h1:` hash of `.terraform.lock.hcl`, which is
the digest of the unpacked package. Hashing hundreds of megabytes takes about a second, so a verdict is kept for as
long as the file's size, time and inode stay the same.

    PackageNotFound     no directory holds this provider in a usable version
    PackageUnverified   what was found does not match the lock file
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
    """There is no package; Terraform would have to install it."""


class PackageUnverified(Exception):
    """There is a package, but not the locked one."""


@dataclass(frozen=True, slots=True)
class Locked:
    """What a lock file says of one provider."""

    version: str
    hashes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Binary:
    """A provider binary; `package` identifies its content."""

    path: Path
    package: str


def read_lock(text: str) -> dict[str, Locked]:
    """The providers of a `.terraform.lock.hcl`, by source address."""
    found = {}
    for source, body in _BLOCK.findall(text):
        version = _VERSION.search(body)
        if version:
            found[source] = Locked(version.group(1), frozenset(_HASH.findall(body)))
    return found


def locate(directories: Iterable[Path], locked: Locked | None, source: str = AWS) -> Binary:
    """The binary of a provider in `.terraform/providers` or mirror directories, the first match wins.

    Without `locked` the newest version found is taken as it is: for callers that verify by other means.
    Raises: PackageNotFound, PackageUnverified.
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
        raise PackageUnverified(f"{unverified} does not match the h1 hashes of the lock file; run `terraform init`")
    raise PackageNotFound(f"no package of {source} was found; run `terraform init`")


def package_digest(package: Path) -> str:
    """The `h1:` hash of an unpacked package, as Terraform writes it into its lock file."""
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
    """The package directories for this machine, newest version first in each directory."""
    for directory in directories:
        candidates = (directory / source).glob(f"{version}/{_platform()}")
        yield from sorted(candidates, key=lambda path: _order(path.parent.name), reverse=True)


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version)[:3])


def _platform() -> str:
    machine = platform.machine()
    return f"{platform.system().lower()}_{_ARCHITECTURES.get(machine, machine)}"
