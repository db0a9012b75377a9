"""Tools that are not Python packages: Terraform, and Prometheus where available.

`python -m deploy.local.tools` ensures that they are on PATH or in `.tools/bin`. Terraform, in the version line that the
project is tested with, is downloaded from the official releases; it does not run before its checksum is verified.
Prometheus comes from its Debian package; without it, the tests and the step of the demo that need it are skipped.
`python -m deploy.local.tools terraform …` runs a tool. A failure is one sentence, with exit code 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from deploy.local.packages import Unavailable, unpack
from reconciler.edges.terraform.plugins import configure, find_mirrors

TOOLS = Path(__file__).resolve().parents[2] / ".tools"
LINE = "1.11."
VERSION = "1.11.4"
# Checksums of the unpacked program. Other platforms are verified against the release's own list, which proves only that
# the archive is complete: it comes from the same site.
PINNED = {"linux_amd64": "268000fca5c61021c6396893d9483007ba589ad9d0aaccbd7dfa8c78bf7dbe23"}
RELEASES_VARIABLE = "RECONCILER_TERRAFORM_RELEASES"
RELEASES = "https://releases.hashicorp.com/terraform"
MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}
ANSWERS_WITHIN = 60.0
LARGEST = 400 * 1024 * 1024
PASSED_ON = ("HOME", "LANG", "LC_ALL", "NO_COLOR", "PATH", "SSL_CERT_FILE", "TERM", "TMPDIR")
PASSED_ON_PREFIXES = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "TF_")
REMEDY = f"Install Terraform {LINE}x (developer.hashicorp.com/terraform/install) on PATH and try again."


class ToolMissing(Exception):
    """A tool is missing and cannot be downloaded. The message is one sentence for the user of `make`."""


@dataclass(frozen=True, slots=True)
class PrometheusPrograms:
    """Paths of Prometheus' programs."""

    prometheus: Path
    promtool: Path


@dataclass(frozen=True, slots=True)
class Release:
    """The archive of one version for one platform at a releases site."""

    site: str
    platform: str
    version: str = VERSION

    @property
    def archive(self) -> str:
        return f"terraform_{self.version}_{self.platform}.zip"

    @property
    def archive_url(self) -> str:
        return f"{self.site}/{self.version}/{self.archive}"

    @property
    def checksums_url(self) -> str:
        return f"{self.site}/{self.version}/terraform_{self.version}_SHA256SUMS"


def ensure_terraform(tools: Path, *, environment: Mapping[str, str] = os.environ) -> Path:
    """Return the path of a Terraform of our version line, downloading it if needed. Raises: ToolMissing."""
    ours = tools / "bin" / "terraform"
    found = shutil.which("terraform", path=environment.get("PATH", os.defpath))
    versions = {candidate: _version(candidate) for candidate in (ours, Path(found) if found else None) if candidate}
    for candidate, version in versions.items():
        if version and version.startswith(LINE):
            return candidate
    on_path = versions.get(Path(found)) if found else None
    need = f"Terraform {LINE}x is needed and " + (f"PATH has {on_path}" if on_path else "was not found on PATH")
    try:
        return install(Release(_site(environment), platform_name()), ours)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        raise ToolMissing(f"{need}; downloading {VERSION} failed ({error}). {REMEDY}") from error


def ensure_prometheus(tools: Path, *, environment: Mapping[str, str] = os.environ) -> PrometheusPrograms:
    """Return Prometheus' programs, unpacked from the Debian package if not on PATH. Raises: ToolMissing."""
    names = ("prometheus", "promtool")
    path = environment.get("PATH", os.defpath)
    ours = tools / "bin"
    for places in (path, str(ours)):
        found = [shutil.which(name, path=places) for name in names]
        if all(found):
            return PrometheusPrograms(*(Path(str(program)) for program in found))
    try:
        unpack("prometheus", names, ours, environment=environment)
    except (Unavailable, OSError) as error:
        raise ToolMissing(
            f"Prometheus was not found on PATH and its Debian package is not available ({error}). "
            "Install `prometheus` and `promtool` on PATH to run the tests and the step of the demo that need them."
        ) from error
    return PrometheusPrograms(ours / "prometheus", ours / "promtool")


def install(release: Release, target: Path) -> Path:
    """Download and verify a release, then move it to `target`. Raises: ToolMissing, OSError, KeyError, BadZipFile."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".terraform-") as directory:
        archive = Path(directory, release.archive)
        _download(release.archive_url, archive)
        pinned = PINNED.get(release.platform)
        if pinned is None:
            _verify_checksum(archive, _published(release), name=release.archive)
        with zipfile.ZipFile(archive) as packed:
            program = Path(packed.extract("terraform", directory))
        if pinned is not None:
            _verify_checksum(program, pinned, name=f"terraform of {release.archive}")
        program.chmod(0o755)
        program.replace(target)
    return target


def platform_name() -> str:
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{MACHINES.get(machine, machine)}"


def run_terraform(arguments: Sequence[str], tools: Path, *, environment: Mapping[str, str] = os.environ) -> int:
    """Run Terraform in the foreground, with providers from the machine's mirror if any. Returns its exit code."""
    terraform = ensure_terraform(tools, environment=environment)
    child = {name: value for name, value in environment.items() if _is_passed_on(name)}
    child["TF_CLI_CONFIG_FILE"] = str(configure(tools, find_mirrors(environment)).configuration)
    return subprocess.run([str(terraform), *arguments], env=child, check=False).returncode


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.tools", description=__doc__)
    choices = ["terraform", "prometheus", "promtool"]
    parser.add_argument("tool", nargs="?", choices=choices, help="tool to run; without it, only ensure that all exist")
    parser.add_argument("arguments", nargs=argparse.REMAINDER)
    wanted = parser.parse_args(arguments)
    try:
        if wanted.tool is None:
            ensure_terraform(TOOLS)
            return _try_prometheus()
        if wanted.tool == "terraform":
            return run_terraform(wanted.arguments, TOOLS)
        program: Path = getattr(ensure_prometheus(TOOLS), wanted.tool)
        return subprocess.run([str(program), *wanted.arguments], check=False).returncode
    except ToolMissing as missing:
        print(missing, file=sys.stderr)
        return 1


def _try_prometheus() -> int:
    """Ensure Prometheus if possible; it is optional, so a failure is printed and does not fail."""
    try:
        ensure_prometheus(TOOLS)
    except ToolMissing as missing:
        print(missing, file=sys.stderr)
    return 0


def _site(environment: Mapping[str, str]) -> str:
    site = environment.get(RELEASES_VARIABLE, RELEASES).rstrip("/")
    if not site.startswith(("https://", "http://")):
        raise ToolMissing(f"{RELEASES_VARIABLE} must be an http or https URL; it is {site!r}.")
    return site


def _version(terraform: Path) -> str | None:
    """Return the version of a Terraform binary; None if it does not exist or does not answer as Terraform does."""
    try:
        answer = subprocess.run(
            [str(terraform), "version", "-json"],
            env={"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull},
            capture_output=True,
            check=True,
            timeout=ANSWERS_WITHIN,
        )
        return str(json.loads(answer.stdout)["terraform_version"])
    except (OSError, subprocess.SubprocessError, ValueError, KeyError):
        return None


def _download(url: str, target: Path) -> None:
    with urllib.request.urlopen(url, timeout=ANSWERS_WITHIN) as answer, target.open("wb") as file:  # noqa: S310 - http(s), see _site
        for block in iter(lambda: answer.read(1 << 20), b""):
            file.write(block)
            if file.tell() > LARGEST:
                raise OSError(f"{url} is larger than {LARGEST} bytes")


def _published(release: Release) -> str:
    with urllib.request.urlopen(release.checksums_url, timeout=ANSWERS_WITHIN) as answer:  # noqa: S310 - http(s), see _site
        lines = bytes(answer.read(1 << 20)).decode("utf-8", errors="replace").splitlines()
    sums = {fields[1]: fields[0] for line in lines if len(fields := line.split()) == 2}
    if release.archive not in sums:
        raise ToolMissing(f"Terraform {release.version} is not released for {release.platform}. {REMEDY}")
    return sums[release.archive]


def _verify_checksum(file: Path, expected: str, *, name: str) -> None:
    with file.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found != expected:
        raise ToolMissing(f"The checksum of {name} is {found}, not {expected}: it was not installed. {REMEDY}")


def _is_passed_on(name: str) -> bool:
    return name in PASSED_ON or name.startswith(PASSED_ON_PREFIXES)


if __name__ == "__main__":
    sys.exit(main())
