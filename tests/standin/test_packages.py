"""Programs are unpacked from Debian packages without installation, or the error names the cause."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.local.packages import Unavailable, unpack
from deploy.local.tools import ToolMissing, ensure_prometheus

# Fakes of apt-get and dpkg-deb; the first download fails, as it does without package lists.
APT_GET = """#!/bin/sh
echo "$@" >> "$CALLS"
case "$*" in
  *Dir::State::Lists*update) ;;
  *Dir::State::Lists*download*) : > tool_1.0_all.deb ;;
  *) echo "E: Unable to locate package tool" >&2; exit 100 ;;
esac
"""
DPKG_DEB = """#!/bin/sh
mkdir -p "$3/usr/bin" && echo "#!/bin/sh" > "$3/usr/bin/tool"
"""


def machine(folder: Path, **programs: str) -> Mapping[str, str]:
    """Return the environment of a machine that has only these programs and the basics of a shell."""
    folder.mkdir()
    for name, text in programs.items():
        program = folder / name.replace("_", "-")
        program.write_text(text)
        program.chmod(0o755)
    for name in ("mkdir", "sh"):
        (folder / name).symlink_to(next(Path(at, name) for at in ("/usr/bin", "/bin") if Path(at, name).exists()))
    return {"PATH": str(folder), "CALLS": str(folder / "calls")}


def test_without_package_lists_it_downloads_private_ones(tmp_path: Path) -> None:
    environment = machine(tmp_path / "path", apt_get=APT_GET, dpkg_deb=DPKG_DEB)
    unpack("tool", ["tool"], tmp_path / "tools" / "bin", environment=environment)
    assert (tmp_path / "tools" / "bin" / "tool").read_text() == "#!/bin/sh\n"
    assert [path.name for path in (tmp_path / "tools").iterdir()] == ["bin"]
    first, *others = (tmp_path / "path" / "calls").read_text().splitlines()
    assert first.endswith("download tool")
    assert [call.split()[-1] for call in others] == ["update", "tool"]
    assert all(f"Dir::State::Lists={tmp_path}" in call for call in others)


@pytest.mark.parametrize(
    ("programs", "message"),
    [
        ({}, "apt-get was not found"),
        ({"apt_get": "#!/bin/sh\necho 'E: No route' >&2; exit 100\n"}, "apt-get: E: No route"),
        ({"apt_get": "#!/bin/sh\nexit 7\n"}, "apt-get: exit code 7"),
        ({"apt_get": APT_GET}, "dpkg-deb was not found"),
        ({"apt_get": APT_GET, "dpkg_deb": "#!/bin/sh\n"}, "usr/bin/tool was not found"),
    ],
)
def test_the_error_names_the_cause(tmp_path: Path, programs: Mapping[str, str], message: str) -> None:
    environment = machine(tmp_path / "path", **programs)
    with pytest.raises(Unavailable, match=message):
        unpack("tool", ["tool"], tmp_path / "tools" / "bin", environment=environment)
    assert list((tmp_path / "tools").rglob("*.deb")) == []


def test_prometheus_on_path_is_used(tmp_path: Path) -> None:
    environment = machine(tmp_path / "path", prometheus="#!/bin/sh\n", promtool="#!/bin/sh\n")
    found = ensure_prometheus(tmp_path / "tools", environment=environment)
    assert (found.prometheus, found.promtool) == (tmp_path / "path" / "prometheus", tmp_path / "path" / "promtool")
    assert not (tmp_path / "tools").exists()


def test_without_prometheus_the_error_is_one_line_with_the_remedy(tmp_path: Path) -> None:
    environment = machine(tmp_path / "path", promtool="#!/bin/sh\n")
    with pytest.raises(
        ToolMissing, match=r"Prometheus was not found .*apt-get was not found.*Install `prometheus`"
    ) as missing:
        ensure_prometheus(tmp_path / "tools", environment=environment)
    assert os.linesep not in str(missing.value)
