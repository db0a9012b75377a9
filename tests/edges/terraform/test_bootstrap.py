"""Bootstrap keeps its own state in a lasting directory, and sets exactly the variables that the real root declares.

The real root is not applied here: the provider waits a minute for a bucket's lifecycle rules, even on the stand-in.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from reconciler.core.ports.terraform import TerraformFailed
from reconciler.edges.state.settings import StateSettings
from tests.edges.conftest import DEVELOP, STATE, Stage

VARIABLES = Path(__file__).parents[3] / "terraform" / "bootstrap" / "variables.tf"
MAIN = b"""
resource "terraform_data" "bucket" {
  input = var.state.bucket
}
output "bucket" { value = terraform_data.bucket.output }
output "logs" { value = var.state.access_logs_bucket }
output "scanning" { value = var.registry.scanning }
output "account" { value = var.account.id }
output "id" { value = terraform_data.bucket.id }
"""


def tree(**more: bytes) -> dict[str, bytes]:
    return {
        "bootstrap/main.tf": MAIN,
        "bootstrap/variables.tf": VARIABLES.read_bytes(),
        "roots/service/main.tf": b"not part of it",
        **{f"bootstrap/{name}.tf": content for name, content in more.items()},
    }


async def bootstrap(stage: Stage, files: dict[str, bytes], state: StateSettings = STATE) -> dict[str, Any]:
    terraform = stage.terraform(state=state)
    return dict(await terraform.bootstrap(DEVELOP, stage.directory / "lasting", tree=files))


async def test_a_second_bootstrap_uses_the_state_of_the_first_and_applies_nothing(stage: Stage) -> None:
    first = await bootstrap(stage, tree())
    assert first["bucket"] == "states-123456789012"
    assert await bootstrap(stage, tree()) == first
    assert stage.ran("apply") == 1


async def test_the_settings_name_the_bucket_of_access_logs_and_the_scanning_of_images(stage: Stage) -> None:
    first = await bootstrap(stage, tree())
    assert "logs" not in first
    assert first["scanning"] == "basic"
    wanted = replace(STATE, access_logs_bucket="logs-{account}-{region}", registry_scanning="unmanaged")
    second = await bootstrap(stage, tree(), wanted)
    assert (second["logs"], second["scanning"]) == ("logs-123456789012-eu-central-1", "unmanaged")


async def test_a_new_tree_updates_the_resources_and_keeps_the_state(stage: Stage) -> None:
    first = await bootstrap(stage, tree(extra=b'output "extra" { value = 1 }'))
    second = await bootstrap(stage, tree(more=b'output "more" { value = 2 }'))
    assert second == {**{name: value for name, value in first.items() if name != "extra"}, "more": 2}
    assert stage.ran("apply") == 2


async def test_bootstrap_without_state_settings_or_root_is_refused(stage: Stage) -> None:
    with pytest.raises(TerraformFailed, match=r"state\.bucket"):
        await stage.terraform(state=None).bootstrap(DEVELOP, stage.directory, tree=tree())
    with pytest.raises(TerraformFailed, match="no bootstrap/"):
        await stage.terraform(state=STATE).bootstrap(DEVELOP, stage.directory, tree={})
