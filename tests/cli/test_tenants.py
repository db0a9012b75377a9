"""Tenants on the command line: `validate` counts paths as the daemon does, and `config --check` lists what is open."""

import json
from pathlib import Path

import pytest

from reconciler.app import daemon
from reconciler.config.load import load
from tests.cli.conftest import Cli
from tests.cli.test_validate import GOOD

CONFIG = """\
environments: {{develop: {{account: "111122223333", region: eu-central-1, tier: develop}}}}
git: {{path: manifests}}
terraform: {{source: {{path: tf}}}}
tenants:
  shop: {{paths: [teams/shop/], environments: [develop], names: [{names}]}}
  platform: {{paths: [platform.yaml], environments: [develop], kinds: [Platform]}}
"""


def repository(names: str) -> None:
    """Make a repository in the working directory whose manifests are in a folder of it."""
    Path(".git").mkdir()
    Path("manifests/teams/shop").mkdir(parents=True)
    Path("manifests/teams/shop/orders.yaml").write_text(GOOD)
    Path("tf/roots/service").mkdir(parents=True)
    Path("tf/roots/service/main.tf").write_text("")
    Path("r.yaml").write_text(CONFIG.format(names=names))


@pytest.mark.parametrize("argument", ["manifests", "manifests/teams", "manifests/teams/shop/orders.yaml"])
def test_paths_of_tenants_are_counted_from_the_folder_of_the_manifests(cli: Cli, argument: str) -> None:
    repository("basket")
    ended = cli("validate", argument, "--config", "r.yaml")
    assert ended.code == 2
    message = 'manifests/teams/shop/orders.yaml:3:18: the tenant shop may not use the name "orders", only basket'
    assert message in ended.out.splitlines()


def test_a_tenant_may_use_its_names(cli: Cli) -> None:
    repository("orders")
    ended = cli("validate", "manifests", "--config", "r.yaml")
    assert "may not" not in ended.out
    assert "has no Platform" in ended.out


def test_a_file_outside_of_the_folder_has_no_tenant(cli: Cli) -> None:
    repository("orders")
    Path("orders.yaml").write_text(GOOD)
    ended = cli("validate", "orders.yaml", "--config", "r.yaml")
    assert "orders.yaml:3:18: no tenant of the configuration has files here" in ended.out


@pytest.mark.parametrize(("text", "said"), [("", ["no_tenants"]), (CONFIG.format(names="orders"), [])])
async def test_a_daemon_without_tenants_says_so_once_at_its_start(
    text: str, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("r.yaml").write_text(text)  # noqa: ASYNC240 - before anything runs
    logged: list[str] = []
    monkeypatch.setattr(daemon, "configure_logs", lambda *_, **__: None)
    monkeypatch.setattr(daemon, "log", lambda event, **_: logged.append(event))
    monkeypatch.setattr(daemon, "_open", broken)
    with pytest.raises(OSError, match="no store"):
        await daemon.serve(load(Path("r.yaml")))
    assert logged == said


async def broken(*_: object) -> None:
    raise OSError("no store")


def test_what_is_left_open_is_listed(cli: Cli) -> None:
    repository("orders")
    assert "tenants: there are none" in cli("config", "--check").out
    listed = cli("config", "--check", "--config", "r.yaml")
    assert listed.code == 0
    assert "there are none" not in listed.out
    found = json.loads(cli("config", "--check", "--config", "r.yaml", "--output", "json").out)
    assert found == {"open": listed.out.splitlines()}
