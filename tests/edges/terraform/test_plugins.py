"""The mirrors of providers, and the CLI configuration that names them."""

import asyncio
import platform
import re
import sys
from contextlib import AbstractAsyncContextManager
from datetime import timedelta
from pathlib import Path

import pytest

from reconciler.core.code.allowances import Allowances, AllowancesByTenant
from reconciler.core.ports.terraform import TerraformFailed
from reconciler.edges.terraform.plugins import MIRROR_VARIABLE, CacheBusy, configuration, configure, find_mirrors
from tests.edges.conftest import ROOT, Stage

MACHINE = "arm64" if platform.machine() in {"aarch64", "arm64"} else "amd64"
AWS = "registry.terraform.io/hashicorp/aws"


def mirror(path: Path) -> Path:
    (path / AWS / "5.100.0").mkdir(parents=True, exist_ok=True)
    return path


def test_the_configured_mirror_precedes_terraforms_own_and_installed_ones(tmp_path: Path) -> None:
    named = mirror(tmp_path / "named")
    implied = mirror(tmp_path / "home/.terraform.d/plugins")
    shared = mirror(tmp_path / "share/terraform/plugins")
    installed = mirror(tmp_path / "opt/plugins")
    environment = {
        MIRROR_VARIABLE: str(named),
        "HOME": str(tmp_path / "home"),
        "XDG_DATA_DIRS": f"{tmp_path}/share:{tmp_path}/empty",
    }
    assert find_mirrors(environment, installed=tmp_path / "opt") == (named, implied, shared, installed)
    assert find_mirrors({**environment, MIRROR_VARIABLE: str(installed)}, installed=tmp_path / "opt")[0] == installed


def test_folders_without_providers_are_not_mirrors(tmp_path: Path) -> None:
    (tmp_path / "opt/other").mkdir(parents=True)
    environment = {MIRROR_VARIABLE: str(tmp_path / "nowhere"), "HOME": str(tmp_path), "XDG_DATA_DIRS": str(tmp_path)}
    assert find_mirrors(environment, installed=tmp_path / "opt") == ()


def test_only_allowed_providers_are_installed_and_those_of_a_mirror_are_not_downloaded(tmp_path: Path) -> None:
    plugins = configure(tmp_path / "cli", [mirror(tmp_path / "mirror")])
    text = plugins.configuration.read_text()
    assert f'path    = "{tmp_path}/mirror"' in text
    assert f'include = ["{AWS}"]' in text
    assert "direct" not in text
    random = "registry.terraform.io/hashicorp/random"
    mirrored, other = mirror(tmp_path / "mirror"), tmp_path / "mirror/registry.terraform.io/evil/evil/1.0.0"
    other.mkdir(parents=True)
    text = configure(tmp_path / "cli", [mirrored], only=[AWS, random]).configuration.read_text()
    assert f'include = ["{AWS}"]' in text
    assert f'direct {{\n    include = ["{random}"]' in text
    assert "evil" not in text
    assert plugins.cache is None


def test_without_a_mirror_downloads_are_shared_through_a_cache(tmp_path: Path) -> None:
    plugins = configure(tmp_path / "cli", [])
    assert plugins.cache is not None
    assert plugins.cache.is_dir()
    direct = f'provider_installation {{\n  direct {{\n    include = ["{AWS}"]\n  }}\n}}\n'
    assert plugins.configuration.read_text() == f'plugin_cache_dir = "{plugins.cache}"\n{direct}'


async def test_a_lock_file_is_obeyed_and_not_written(stage: Stage, tmp_path: Path) -> None:
    """Install a provider that is never started: without a lock file, with one that lacks it, with one of its own."""
    for version in ("1.0.0", "1.1.0"):
        package = tmp_path / "mirror" / "registry.terraform.io/acme/thing" / version / f"{sys.platform}_{MACHINE}"
        package.mkdir(parents=True)
        (package / f"terraform-provider-thing_v{version}").write_text("#!/bin/sh\n")
        (package / f"terraform-provider-thing_v{version}").chmod(0o755)
    needs = 'terraform {\n  required_providers {\n    thing = { source = "acme/thing" }\n  }\n}\n'
    thing = Allowances(provisioners=True, providers=frozenset({"acme/thing"}))
    plugins = configure(tmp_path / "own", [tmp_path / "mirror"], only=["registry.terraform.io/acme/thing"])
    terraform = stage.terraform(plugins=plugins, allowances=AllowancesByTenant(thing))
    lock = stage.root() / ".terraform.lock.hcl"
    async with terraform.workspace(await stage.run(ROOT, more={"needs.tf": needs.encode()})):
        assert re.search(r'version += "1\.1\.0"', lock.read_text())
    with pytest.raises(TerraformFailed, match=r"lock file is read-only.*run `terraform init` in the root and commit"):
        async with terraform.workspace(
            await stage.run(ROOT, more={"needs.tf": needs.encode(), ".terraform.lock.hcl": b"# none\n"})
        ):
            pytest.fail("a provider that is not in the lock file was installed")
    older = 'provider "registry.terraform.io/acme/thing" {\n  version = "1.0.0"\n}\n'
    files = {"needs.tf": needs.encode(), ".terraform.lock.hcl": older.encode()}
    async with terraform.workspace(await stage.run(ROOT, more=files)):
        assert lock.read_text() == older


def test_a_path_with_a_template_is_refused() -> None:
    with pytest.raises(ValueError, match="template"):
        configuration([Path('/tmp/${file("x")}')], None)


async def test_installs_into_a_cache_take_turns(tmp_path: Path) -> None:
    first, second = configure(tmp_path, []), configure(tmp_path, [])
    async with first.turn(timedelta(seconds=1)):
        with pytest.raises(CacheBusy):
            async with second.turn(timedelta(milliseconds=10)):
                pass
        waiting = asyncio.create_task(enter(second.turn(timedelta(seconds=60))))
        await asyncio.sleep(0.05)
        assert not waiting.done()
    await waiting


async def enter(turn: AbstractAsyncContextManager[None]) -> None:
    async with turn:
        return
