"""Attacks of a root on the daemon's machine, carried out by the real Terraform, and refused before it starts."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from desired_state.files.tree import Executable
from reconciler.core.code.allowances import NOTHING, Allowances, AllowancesByTenant
from reconciler.core.ports.terraform import Run, TerraformFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.terraform.cli import TerraformCli
from reconciler.edges.terraform.plugins import Plugins, configure
from tests.core.code.test_refusals import HIDDEN
from tests.edges.conftest import Stage

PROVIDER = 'terraform {\n  required_providers {\n    aws = { source = "hashicorp/aws" }\n  }\n}\n'
PLUGIN = "terraform.d/plugins/registry.terraform.io/evil/evil/1.0.0/{}/terraform-provider-evil_v1.0.0"
OPEN = Allowances(provisioners=True, files=True, provider_settings=frozenset({"shared_config_files", "profile"}))


async def carry_out(
    stage: Stage, root: str, *, more: Mapping[str, bytes], allowances: Allowances
) -> Mapping[str, object]:
    """Plan and apply the root; return its outputs."""
    run = await stage.run(root, more=more)
    async with stage.terraform(allowances=AllowancesByTenant(allowances)).workspace(run) as workspace:
        await workspace.plan()
        return await workspace.apply()


def attacks(folder: Path) -> Mapping[str, tuple[str, Mapping[str, bytes]]]:
    """Return roots by name, with files beside them; each leaves `done` in the folder, or says what it read."""
    touched = HIDDEN.replace("\nid\n", f"\ntouch {folder}/done\n")
    process = f"[profile x]\nregion = eu-central-1\ncredential_process = sh -c 'touch {folder}/done; exit 1'\n"
    settings = 'provider "aws" {\n  profile = "x"\n  shared_config_files = ["aws.cfg"]\n}\ndata "aws_region" "x" {}\n'
    return {
        "a provisioner that a parser does not see": (touched, {}),
        "a file of the process": ('output "read" {\n  value = file("/proc/self/environ")\n}\n', {}),
        "a program for credentials": (PROVIDER + settings, {"aws.cfg": process.encode()}),
    }


@pytest.mark.parametrize("attack", attacks(Path()))
async def test_an_attack_is_refused_before_terraform_starts(stage: Stage, tmp_path: Path, attack: str) -> None:
    root, more = attacks(tmp_path)[attack]
    with pytest.raises(TerraformFailed, match=r"roots/service/main\.tf:\d+: .*Terraform was not started") as failed:
        await carry_out(stage, root, more=more, allowances=NOTHING)
    assert failed.value.reason is Reason.INVALID_CONFIGURATION
    assert (stage.runs, (tmp_path / "done").exists()) == ([], False)
    marked = replace(stage, environment={**stage.environment, "AWS_SESSION_TOKEN": "a-token"})
    try:
        read = await carry_out(marked, root, more=more, allowances=OPEN)
    except TerraformFailed:
        read = {}
    assert (tmp_path / "done").exists() or "a-token" in str(read), "without the refusal the attack succeeds"


async def test_what_one_tenant_is_allowed_is_refused_to_the_others(stage: Stage, tmp_path: Path) -> None:
    root, more = attacks(tmp_path)["a provisioner that a parser does not see"]
    run = await stage.run(root, more=more)
    terraform = stage.terraform(allowances=AllowancesByTenant(OPEN, {"shop": NOTHING}))
    await planned(terraform, replace(run, tenant="bank"))
    with pytest.raises(TerraformFailed, match="Terraform was not started"):
        await planned(terraform, replace(run, tenant="shop"))


async def planned(terraform: TerraformCli, run: Run) -> None:
    async with terraform.workspace(run) as workspace:
        await workspace.plan()


async def test_a_program_in_the_tree_is_no_provider(stage: Stage, tmp_path: Path) -> None:
    """Terraform without a configuration of its own takes providers from `terraform.d/plugins` of the root."""
    program = Executable(f"#!/bin/sh\ntouch {tmp_path}/done\n".encode())
    root = 'terraform {\n  required_providers {\n    evil = { source = "evil/evil" }\n  }\n}\nprovider "evil" {}\n'
    bare = tmp_path / "bare.rc"
    bare.write_text("")
    evil = Allowances(providers=frozenset({"evil/evil"}))
    for plugins, refused in ((Plugins(bare), False), (configure(tmp_path / "cli", []), True)):
        run = await stage.run(
            root,
            more={PLUGIN.format(one): program for one in ("linux_amd64", "linux_arm64")},
            name="refused" if refused else "open",
        )
        terraform = stage.terraform(allowances=AllowancesByTenant(evil), plugins=plugins)
        with pytest.raises(TerraformFailed):
            await planned(terraform, run)
        assert (tmp_path / "done").exists() != refused
        (tmp_path / "done").unlink(missing_ok=True)
