"""Workspaces with the real terraform and its built-in provider; states on disk, no network."""

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from datetime import timedelta

import pytest

from reconciler.core.ports.terraform import TerraformFailed
from reconciler.core.vocabulary import Reason
from reconciler.edges.process import child
from reconciler.edges.terraform.runner import Timeouts
from tests.edges.conftest import ROOT, Stage
from tests.patience import PATIENCE

HOSTILE = '${file("/etc/passwd")} %{ if true }"; rm -rf / #$(id)`id`\\n'


async def applying(stage: Stage, **place: str) -> None:
    """Wait until the creation of the slow resource has begun."""
    async with asyncio.timeout(PATIENCE):
        while not (stage.root(**place) / "applying").exists():  # noqa: ASYNC110 - another process creates it
            await asyncio.sleep(0.02)


async def test_plan_apply_and_plan_again(stage: Stage) -> None:
    terraform, run = stage.terraform(), await stage.run(text="v1")
    async with terraform.workspace(run) as workspace:
        assert await workspace.is_empty()
        plan = await workspace.plan()
        assert {change["address"]: change["change"]["actions"] for change in plan["resource_changes"]} == {
            "terraform_data.echo": ["create"],
            "terraform_data.slow": ["create"],
        }
        assert await workspace.apply() == {"text": "v1"}
        assert not await workspace.is_empty()
    async with terraform.workspace(run) as workspace:
        plan = await workspace.plan()
        assert {tuple(change["change"]["actions"]) for change in plan["resource_changes"]} == {("no-op",)}
        assert (await workspace.plan(destroy=True))["resource_changes"][0]["change"]["actions"] == ["delete"]
        await workspace.apply()
        assert await workspace.is_empty()


async def test_hostile_values_arrive_literally(stage: Stage) -> None:
    async with stage.terraform().workspace(await stage.run(text=HOSTILE)) as workspace:
        await workspace.plan()
        assert await workspace.apply() == {"text": HOSTILE}


async def test_a_sensitive_output_stays_in_the_state(stage: Stage) -> None:
    secret = ROOT + 'output "secret" {\n  value     = var.text\n  sensitive = true\n}\n'
    async with stage.terraform().workspace(await stage.run(secret, text="hush")) as workspace:
        await workspace.plan()
        assert await workspace.apply() == {"text": "hush"}


async def test_files_with_clear_text_values_are_private_and_deleted(stage: Stage) -> None:
    home = stage.root().parents[1]
    async with stage.terraform().workspace(await stage.run(text="hush")) as workspace:
        await workspace.plan()
        assert (home / "tfplan").stat().st_mode & 0o077 == 0
        assert (stage.root() / "terraform.tfvars.json").stat().st_mode & 0o777 == 0o600
        await workspace.apply()
        assert (stage.root() / "terraform.tfstate").stat().st_mode & 0o077 == 0
    async with stage.terraform().workspace(await stage.run(text="hush again")) as workspace:
        await workspace.plan()
    assert not (home / "tfplan").exists()
    assert not (home / "show.out").exists()


async def test_only_a_plan_of_this_workspace_is_applied_and_only_once(stage: Stage) -> None:
    async with stage.terraform().workspace(await stage.run(text="v1")) as workspace:
        with pytest.raises(TerraformFailed, match="plan first"):
            await workspace.apply()
        await workspace.plan()
        await workspace.apply()
        with pytest.raises(TerraformFailed, match="plan first"):
            await workspace.apply()


async def test_init_runs_only_when_its_inputs_changed(stage: Stage) -> None:
    terraform = stage.terraform()
    for text in ("v1", "v2"):
        async with terraform.workspace(await stage.run(text=text)) as workspace:
            await workspace.plan()
    assert stage.ran("init") == 1
    async with terraform.workspace(await stage.run(ROOT + "# changed", text="v2")) as workspace:
        await workspace.plan()
    assert stage.ran("init") == 2
    assert stage.runs.count(("plan", "ok")) == 3


async def test_an_interrupted_init_does_not_fail_later_ones(stage: Stage) -> None:
    """Leave the files of a kill or a full disk: no stamp, and an empty record of the backend."""
    terraform, run = stage.terraform(), await stage.run(text="v1")
    async with terraform.workspace(run):
        pass
    (stage.root().parents[1] / ".initialised").unlink()
    (stage.root() / ".terraform" / "terraform.tfstate").write_text("")
    async with terraform.workspace(run) as workspace:
        await workspace.plan()


async def test_a_new_tree_replaces_the_old_one_completely(stage: Stage) -> None:
    terraform = stage.terraform()
    async with terraform.workspace(await stage.run(text="v1")):
        (stage.root() / "left-over.tf").write_text("nonsense")
    async with terraform.workspace(await stage.run(ROOT + "# new", text="v1")) as workspace:
        await workspace.plan()
    assert not (stage.root() / "left-over.tf").exists()


async def test_errors_name_the_place_and_the_cause(stage: Stage) -> None:
    terraform = stage.terraform()
    with pytest.raises(TerraformFailed) as failed:
        async with terraform.workspace(await stage.run(ROOT + "x = \n", text="v1")):
            pass
    assert failed.value.reason is Reason.INVALID_CONFIGURATION
    assert "main.tf" in failed.value.message
    async with terraform.workspace(await stage.run(number=1)) as workspace:
        with pytest.raises(TerraformFailed) as failed:
            await workspace.plan()
    assert failed.value.reason is Reason.INVALID_CONFIGURATION
    assert '"text"' in failed.value.message


async def test_a_failed_resource_is_a_failed_apply(stage: Stage) -> None:
    failing = ROOT.replace("sleep ${var.seconds}", "exit 9")
    async with stage.terraform().workspace(await stage.run(failing, text="v1")) as workspace:
        await workspace.plan()
        with pytest.raises(TerraformFailed, match=r"terraform_data\.slow: local-exec provisioner error") as failed:
            await workspace.apply()
    assert failed.value.reason is Reason.APPLY_FAILED
    assert stage.runs[-1] == ("apply", "failed")


async def test_messages_pass_the_redactor(stage: Stage) -> None:
    terraform = stage.terraform(redact=lambda text, *_: text.replace("hunter2", "…"))
    failing = ROOT.replace("sleep ${var.seconds}", "echo hunter2 >&2; exit 9")
    async with terraform.workspace(await stage.run(failing, text="v1")) as workspace:
        await workspace.plan()
        with pytest.raises(TerraformFailed) as failed:
            await workspace.apply()
    assert "hunter2" not in str(failed.value)


@pytest.mark.parametrize("name", ["../orders", "", ".", "Orders", "a/b"])
async def test_names_cannot_leave_the_work_directory(stage: Stage, name: str) -> None:
    with pytest.raises(TerraformFailed, match="cannot be the name"):
        async with stage.terraform().workspace(await stage.run(name=name, text="v1")):
            pass


async def test_a_missing_tree_is_reported(stage: Stage) -> None:
    run = await stage.run(text="v1")
    other = stage.terraform()
    for folder in (stage.directory / "trees").iterdir():
        folder.rename(stage.directory / "elsewhere")
    with pytest.raises(TerraformFailed, match="no longer kept"):
        async with other.workspace(run):
            pass


async def test_one_run_at_a_time_in_one_workspace(stage: Stage) -> None:
    terraform, run = stage.terraform(), await stage.run(text="v1")
    async with terraform.workspace(run):
        with pytest.raises(TerraformFailed, match=r"an earlier run \(pid \d+\) still works in") as failed:
            async with terraform.workspace(run):
                pass
        assert failed.value.reason is Reason.STATE_LOCKED
    async with terraform.workspace(run) as workspace:
        assert await workspace.is_empty()


async def test_a_cancelled_apply_finishes_within_the_drain_and_its_outputs_count(stage: Stage) -> None:
    terraform, run = stage.terraform(), await stage.run(text="v1", seconds=1)

    async def visit() -> Mapping[str, object]:
        async with terraform.workspace(run) as workspace:
            await workspace.plan()
            return await workspace.apply()

    visiting = asyncio.create_task(visit())
    await applying(stage)
    visiting.cancel()
    assert await visiting == {"text": "v1"}
    assert stage.runs[-1] == ("apply", "ok")


async def test_an_apply_that_outlasts_the_drain_is_interrupted_and_keeps_its_state(stage: Stage) -> None:
    terraform, run = stage.terraform(drain=timedelta(seconds=0.1)), await stage.run(text="v1", seconds=300)

    async def visit() -> None:
        async with terraform.workspace(run) as workspace:
            await workspace.plan()
            await workspace.apply()

    visiting = asyncio.create_task(visit())
    await applying(stage)
    visiting.cancel()
    with pytest.raises(TerraformFailed) as failed:
        await visiting
    assert failed.value.reason is Reason.INTERRUPTED
    assert stage.runs[-1] == ("apply", "interrupted")
    state = json.loads((stage.root() / "terraform.tfstate").read_text())
    assert {resource["name"] for resource in state["resources"]} == {"echo", "slow"}


async def test_an_apply_that_exceeds_its_time_out_is_stopped(stage: Stage) -> None:
    terraform = stage.terraform(timeouts=Timeouts(apply=timedelta(seconds=3)))
    async with terraform.workspace(await stage.run(text="v1", seconds=300)) as workspace:
        await workspace.plan()
        with pytest.raises(TerraformFailed, match="was still running after 0:00:03") as failed:
            await workspace.apply()
    assert failed.value.reason is Reason.APPLY_FAILED
    assert not failed.value.died, "it ended on SIGINT, and saved its state"
    assert stage.runs[-1] == ("apply", "timed out")


async def test_a_killed_apply_is_marked_as_died(stage: Stage) -> None:
    async with stage.terraform().workspace(await stage.run(text="v1", seconds=300)) as workspace:
        await workspace.plan()
        running = asyncio.create_task(workspace.apply())
        await applying(stage)
        os.killpg(int((stage.root().parents[1] / ".lock").read_text()), signal.SIGKILL)
        with pytest.raises(TerraformFailed) as failed:
            await running
    assert failed.value.reason is Reason.APPLY_FAILED
    assert failed.value.died


async def test_a_state_that_could_not_be_uploaded_is_never_overwritten(stage: Stage) -> None:
    terraform = stage.terraform()
    async with terraform.workspace(await stage.run(text="v1")):
        pass
    kept = stage.root() / "errored.tfstate"
    kept.write_text("{}")
    for root in (ROOT, ROOT + "# a new tree"):
        with pytest.raises(TerraformFailed, match=r"errored\.tfstate: push it with") as failed:
            async with terraform.workspace(await stage.run(root, text="v2")):
                pass
        assert failed.value.reason is Reason.STATE_CONFLICT
    assert kept.read_text() == "{}"


async def test_variables_of_the_daemon_do_not_change_a_run(stage: Stage) -> None:
    leaking = {
        **stage.environment,
        "TF_VAR_text": "from outside",
        "TF_CLI_ARGS_plan": "-destroy",
        "TF_WORKSPACE": "other",
        "TF_LOG": "TRACE",
        "SLACK_TOKEN": "secret",
    }
    spying = ROOT.replace("touch '${path.root}/applying'", "env > ${path.root}/environment")
    async with stage.terraform(environment=leaking).workspace(await stage.run(spying, text="v1")) as workspace:
        await workspace.plan()
        assert await workspace.apply() == {"text": "v1"}
    seen = dict(line.split("=", 1) for line in (stage.root() / "environment").read_text().splitlines())
    assert not {name for name in seen if name.startswith(("TF_VAR", "TF_CLI_ARGS", "TF_WORKSPACE"))}
    assert "SLACK_TOKEN" not in seen
    assert seen["AWS_REGION"] == "eu-central-1"


async def test_an_operator_can_plan_a_rendered_instance(stage: Stage) -> None:
    run = await stage.run(text="v1")
    root = await stage.terraform().render(run, stage.directory / "rendered")
    environment = {**stage.environment, "TF_CLI_CONFIG_FILE": str(stage.directory / "cli" / "terraform.rc")}
    for command in (["init", "-input=false"], ["plan", "-input=false"]):
        done = await child.run(
            ["terraform", *command],
            cwd=root,
            environment=environment,
            timeout=timedelta(minutes=1),
            grace=timedelta(seconds=5),
            output=stage.directory / "out",
            errors=stage.directory / "err",
        )
        assert done.returncode == 0, (stage.directory / "err").read_text()
    assert "2 to add" in (stage.directory / "out").read_text()
    with pytest.raises(TerraformFailed, match="not an empty directory"):
        await stage.terraform().render(run, stage.directory / "rendered")


async def test_a_missing_binary_fails_at_construction(stage: Stage) -> None:
    assert stage.terraform().version.split(".")[0].isdigit()
    with pytest.raises(child.NotStarted):
        stage.terraform(environment={"PATH": "/nowhere"})
