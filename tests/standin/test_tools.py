"""Terraform is found, or downloaded and verified, or the error is one sentence with the remedy."""

from __future__ import annotations

import hashlib
import io
import os
import threading
import zipfile
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from deploy.local import tools
from deploy.local.tools import ToolMissing, ensure_terraform

FILES: dict[str, bytes] = {}
REFUSED = "http://127.0.0.1:9"  # the discard port, which refuses connections


class Releases(BaseHTTPRequestHandler):
    """A fake of the releases site."""

    def do_GET(self) -> None:
        content = FILES.get(self.path)
        self.send_response(200 if content is not None else 404)
        self.end_headers()
        self.wfile.write(content or b"")

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Releases) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/terraform"
        server.shutdown()
        thread.join()


@pytest.fixture
def released(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Publish a release of our version, for a platform with and one without a pinned checksum. Returns the binary."""
    program = script("1.11.4")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("terraform", program)
    sums = ""
    for name in ("linux_amd64", "plan9_amd64"):
        FILES[f"/terraform/1.11.4/terraform_1.11.4_{name}.zip"] = packed.getvalue()
        sums += f"{hashlib.sha256(packed.getvalue()).hexdigest()}  terraform_1.11.4_{name}.zip\n"
    FILES["/terraform/1.11.4/terraform_1.11.4_SHA256SUMS"] = sums.encode()
    monkeypatch.setattr(tools, "platform_name", lambda: "linux_amd64")
    monkeypatch.setitem(tools.PINNED, "linux_amd64", hashlib.sha256(program).hexdigest())
    return program


def script(version: str) -> bytes:
    """Return a script that answers as Terraform of that version does, and prints its arguments."""
    return (
        "#!/bin/sh\n"
        f'if [ "$1" = version ]; then echo \'{{"terraform_version": "{version}"}}\'; exit; fi\n'
        'echo "$@"; echo "$TF_CLI_CONFIG_FILE"; echo "$FOREIGN_SECRET"; exit 3\n'
    ).encode()


def machine(directory: Path, *, terraform: str | None, site: str = REFUSED) -> Mapping[str, str]:
    """Return the environment of a machine that has that version of Terraform on PATH, or none."""
    directory.mkdir()
    if terraform:
        program = directory / "terraform"
        program.write_bytes(script(terraform))
        program.chmod(0o755)
    return {"PATH": f"{directory}:/usr/bin:/bin", "RECONCILER_TERRAFORM_RELEASES": site, "HOME": str(directory)}


def test_the_right_version_on_path_is_used_without_network(tmp_path: Path) -> None:
    environment = machine(tmp_path / "path", terraform="1.11.2")
    assert ensure_terraform(tmp_path / "tools", environment=environment) == tmp_path / "path" / "terraform"
    assert not (tmp_path / "tools").exists()


@pytest.mark.parametrize("on_path", [None, "1.9.8", "1.110.0"])
def test_a_missing_or_wrong_version_is_downloaded_once(
    tmp_path: Path, site: str, released: bytes, on_path: str | None
) -> None:
    environment = without_system_terraform(machine(tmp_path / "path", terraform=on_path, site=site))
    installed = ensure_terraform(tmp_path / "tools", environment=environment)
    assert installed == tmp_path / "tools" / "bin" / "terraform"
    assert installed.read_bytes() == released
    offline = {**environment, "RECONCILER_TERRAFORM_RELEASES": REFUSED}
    assert ensure_terraform(tmp_path / "tools", environment=offline) == installed


def test_a_program_with_another_checksum_is_not_installed(
    tmp_path: Path, site: str, released: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(tools.PINNED, "linux_amd64", "0" * 64)
    environment = without_system_terraform(machine(tmp_path / "path", terraform=None, site=site))
    with pytest.raises(ToolMissing, match=f"checksum .* not {'0' * 64}: it was not installed"):
        ensure_terraform(tmp_path / "tools", environment=environment)
    assert list((tmp_path / "tools" / "bin").iterdir()) == []


def test_without_a_pinned_checksum_the_published_one_is_verified(
    tmp_path: Path, site: str, released: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tools, "platform_name", lambda: "plan9_amd64")
    environment = without_system_terraform(machine(tmp_path / "path", terraform=None, site=site))
    assert ensure_terraform(tmp_path / "tools", environment=environment).read_bytes() == released

    FILES["/terraform/1.11.4/terraform_1.11.4_SHA256SUMS"] = b"0" * 64 + b"  terraform_1.11.4_plan9_amd64.zip\n"
    with pytest.raises(ToolMissing, match=r"terraform_1\.11\.4_plan9_amd64\.zip .* was not installed"):
        ensure_terraform(tmp_path / "others", environment=environment)


@pytest.mark.parametrize(("on_path", "cause"), [(None, "was not found on PATH"), ("1.9.8", "PATH has 1.9.8")])
def test_without_network_the_error_names_the_cause_and_the_remedy(
    tmp_path: Path, on_path: str | None, cause: str
) -> None:
    environment = without_system_terraform(machine(tmp_path / "path", terraform=on_path))
    with pytest.raises(ToolMissing, match=f"{cause}.*Connection refused.*Install Terraform 1.11.x") as missing:
        ensure_terraform(tmp_path / "tools", environment=environment)
    assert "\n" not in str(missing.value)


def test_an_invalid_archive_is_named_in_the_error(tmp_path: Path, site: str, released: bytes) -> None:
    FILES["/terraform/1.11.4/terraform_1.11.4_linux_amd64.zip"] = b"<html>please log in</html>"
    environment = without_system_terraform(machine(tmp_path / "path", terraform=None, site=site))
    with pytest.raises(ToolMissing, match="not a zip file"):
        ensure_terraform(tmp_path / "tools", environment=environment)


def test_arguments_and_exit_code_pass_through_and_foreign_variables_do_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    environment = {**machine(tmp_path / "path", terraform="1.11.4"), "FOREIGN_SECRET": "hush"}
    broken = {**environment, "TF_CLI_CONFIG_FILE": "/nowhere/terraform.rc"}
    assert tools.run_terraform(["fmt", "-check", "terraform"], tmp_path / "tools", environment=broken) == 3
    arguments, configuration, secret = capfd.readouterr().out.split("\n")[:3]
    assert (arguments, secret) == ("fmt -check terraform", "")
    assert Path(configuration).is_file()


def test_the_command_prints_one_sentence_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in machine(tmp_path / "path", terraform="1.9.8").items():
        monkeypatch.setenv(name, value.split(":/usr")[0])
    monkeypatch.setattr(tools, "TOOLS", tmp_path / "tools")
    assert tools.main([]) == 1
    output = capsys.readouterr()
    assert output.out == ""
    assert len(output.err.splitlines()) == 1
    assert output.err.startswith("Terraform 1.11.x is needed and PATH has 1.9.8")


def without_system_terraform(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Remove the folders of the machine's own Terraform from PATH, but keep the first one, with the fake Terraform."""
    first, *others = environment["PATH"].split(":")
    kept = [folder for folder in others if not os.access(Path(folder, "terraform"), os.X_OK)]
    return {**environment, "PATH": ":".join([first, *kept])}
