"""The real terraform with the real provider gives the same results through the warm provider."""

import asyncio
import contextlib
import functools
import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from deploy.local.standin import StandIn
from reconciler.provider import control
from reconciler.provider.client import Attachment, WarmProvider
from reconciler.provider.package import Binary, PackageNotFound, locate
from reconciler.provider.protocol.schema import lacks_type
from tests.patience import PATIENCE
from tests.provider.conftest import processes, until
from tests.provider.terraform_runs import PLAIN, Terraform, mirrors, state_of
from tests.standins import borrowed

pytestmark = pytest.mark.aws

TOPIC = 'resource "aws_sns_topic" "this" {{ name = "{name}" }}\n'
QUEUE = 'resource "aws_sqs_queue" "this" {{ name = "{name}" }}\n'
OTHERS = """
resource "aws_ssm_parameter" "replaced" {{
  name  = "/NAME"
  type  = "String"
  value = "x"
}}
resource "aws_ssm_parameter" "drifting" {{
  name  = "/drifting"
  type  = "String"
  value = "x"
}}
"""


@pytest.fixture(scope="module")
def binary() -> Binary:
    try:
        return locate(mirrors(), None)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with borrowed() as running:
        yield running


@pytest.fixture
async def aws(directory: Path) -> AsyncIterator[WarmProvider]:
    started = await WarmProvider.start(directory / "w", ready_seconds=PATIENCE)
    yield started
    await started.stop(drain_seconds=0)
    await until(lambda: processes(str(directory)) == [], "no process is left")


@pytest.fixture
def terraform(tmp_path: Path, binary: Binary, standin: StandIn) -> Terraform:
    return Terraform(tmp_path, binary, standin)


PUTS = 8  # three created, one changed by hand, an update, a replacement, a repair, an error


async def results_of(terraform: Terraform, root: Path, environment: Mapping[str, str], side: Attachment) -> list[Any]:
    """Run the scenario, again if the SDK repeated a request after a lost response, and return its results.

    Versions count requests, and such a repetition is between the SDK and the stand-in, in both kinds of runs."""
    for _ in range(3):
        before = terraform.standin.last_request()
        results = await scenario(terraform, root, environment, side)
        if [c["operation"] for c in terraform.standin.requests(before)].count("PutParameter") == PUTS:
            return results
        (root / "terraform.tfstate").unlink()
    pytest.fail("the number of write calls differed from that of the scenario, three times")


async def scenario(terraform: Terraform, root: Path, environment: Mapping[str, str], side: Attachment) -> list[Any]:
    """Create; then an update, a replacement and a drift in one plan; then an apply that fails. Returns the results."""
    ssm = terraform.standin.client("ssm")
    terraform.standin.reset()

    def write(value: str, name: str) -> None:
        terraform.root(root.name, name="a", value=value, more=OTHERS.replace("NAME", name))

    write("one", "b")
    await terraform.run(root, environment, side, "init")
    await terraform.run(root, environment, side, "apply", "-auto-approve")
    results = [state_of(root)]
    write("two", "replaced")
    ssm.put_parameter(Name="/drifting", Value="moved", Type="String", Overwrite=True)
    results.append(await terraform.plan(root, environment, side, 2))
    await terraform.run(root, environment, side, "apply", "p")
    results.append(state_of(root))
    write("three", "replaced")
    terraform.standin.inject_fault("ssm", "error", operation="PutParameter", status=400)
    output = await terraform.run(root, environment, side, "apply", "-auto-approve", code=1)
    return [*results, sorted(re.sub(r"RequestID: \S+", "", output).splitlines()), state_of(root)]


async def test_warm_and_plain_agree_on_plans_states_and_failures(aws: WarmProvider, terraform: Terraform) -> None:
    environment = terraform.environment()
    plain, root = terraform.root("plain", name="a"), terraform.root("warm", name="a")
    expected = await results_of(terraform, plain, environment, PLAIN)
    async with aws.attach(binary=terraform.binary, environment=environment, workspace=root) as attachment:
        assert attachment.warm, attachment.reason
        results = await results_of(terraform, root, environment, attachment)
    assert {change["change"]["actions"][0] for change in expected[1]["resource_changes"]} == {"update", "delete"}
    assert expected[1]["resource_drift"], "the scenario has a drift"
    assert any("InternalFailure" in line for line in expected[3])
    for one, other in zip(expected, results, strict=True):
        assert one == other


async def test_an_interrupted_apply_stops_without_affecting_three_others(
    aws: WarmProvider, terraform: Terraform
) -> None:
    """Interrupt one of four applies: its resource is tainted and its lock released, and the others succeed."""
    terraform.standin.reset()
    environment = terraform.environment()
    names = ("stopped", "b", "c", "d")
    roots = [terraform.root(name, name=name, more=QUEUE if name == "stopped" else "") for name in names]
    running = []
    async with contextlib.AsyncExitStack() as stack:
        for root in roots:
            attaching = aws.attach(binary=terraform.binary, environment=environment, workspace=root)
            side = await stack.enter_async_context(attaching)
            await terraform.run(root, environment, side, "init")
            running.append((root, side))
        terraform.standin.inject_fault("sqs", "slow", operation="GetQueueAttributes", times=100, seconds=2 * PATIENCE)
        terraform.standin.inject_fault("ssm", "slow", operation="PutParameter", times=4, seconds=2)
        before = terraform.standin.last_request()
        applies = [await terraform.start(root, environment, side, "apply", "-auto-approve") for root, side in running]
        await until(terraform.asked("GetQueueAttributes", before), "the queue is created and waited for")
        status = await aws.status()
        applies[0].send_signal(signal.SIGINT)
        codes = [await asyncio.wait_for(process.wait(), PATIENCE) for process in applies]
        terraform.standin.lift_faults()
    assert codes == [1, 0, 0, 0], [(root / "output").read_text() for root in roots]
    seats = [process["seat"] for process in status["processes"] if process["seat"]]
    assert len(seats) == len(set(seats))
    queue = next(r for r in state_of(roots[0])["resources"] if r["type"] == "aws_sqs_queue")
    assert [instance["status"] for instance in queue["instances"]] == ["tainted"]
    assert not (roots[0] / ".terraform.tfstate.lock.info").exists()


async def test_two_callers_with_the_same_root_stay_separate(aws: WarmProvider, terraform: Terraform) -> None:
    """Run the same HCL with different keys and regions at once: each call has the key and region of its caller."""
    terraform.standin.reset()
    callers = {"AKIAIOSFODNN7EXAMPLE": "eu-west-1", "AKIAIOSFODNN7EXAMPLF": "us-east-2"}
    before = terraform.standin.last_request()

    async def apply_and_plan(key: str, region: str, turn: int) -> None:
        environment = terraform.environment(AWS_ACCESS_KEY_ID=key, AWS_REGION=region, AWS_DEFAULT_REGION=region)
        root = terraform.root(f"{region}-{turn}", name=f"p{turn}", value=region)
        async with aws.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
            assert side.warm, side.reason
            await terraform.run(root, environment, side, "init")
            await terraform.run(root, environment, side, "apply", "-auto-approve")
            await terraform.run(root, environment, side, "plan", "-detailed-exitcode")

    await asyncio.gather(*(apply_and_plan(key, region, turn) for key, region in callers.items() for turn in range(3)))
    calls = terraform.standin.requests(before)
    assert {(call["access_key_id"], call["region"]) for call in calls} == set(callers.items())
    for region in callers.values():
        values = terraform.standin.client("ssm", region=region).get_parameters(Names=[f"/p{n}" for n in range(3)])
        assert [found["Value"] for found in values["Parameters"]] == [region] * 3


async def test_a_killed_provider_fails_the_run_and_loses_no_state(aws: WarmProvider, terraform: Terraform) -> None:
    terraform.standin.reset()
    environment = terraform.environment()
    root = terraform.root("killed", name="k")
    async with aws.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
        await terraform.run(root, environment, side, "init")
        terraform.standin.inject_fault("ssm", "slow", operation="PutParameter", seconds=2 * PATIENCE)
        before = terraform.standin.last_request()
        apply = await terraform.start(root, environment, side, "apply", "-auto-approve")
        await until(terraform.asked("PutParameter", before), "the apply is under way")
        for process in (await aws.status())["processes"]:
            os.kill(process["pid"], signal.SIGKILL)
        assert await asyncio.wait_for(apply.wait(), PATIENCE) == 1
        terraform.standin.lift_faults()
    assert "signal 9" in (side.trouble or "")
    assert "Plugin did not respond" in (root / "output").read_text()
    assert not (root / ".terraform.tfstate.lock.info").exists()
    async with aws.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
        await terraform.run(root, environment, side, "plan", "-detailed-exitcode", code=2)
    assert side.trouble is None


async def test_a_type_that_is_only_in_the_state_needs_a_retry_with_the_full_schema(
    aws: WarmProvider, terraform: Terraform
) -> None:
    terraform.standin.reset()
    environment = terraform.environment()
    remote = terraform.directory / "elsewhere.tfstate"
    backend = f'backend "local" {{ path = "{remote}" }}'
    root = terraform.root("state", name="s", more=TOPIC, backend=backend)
    async with aws.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
        await terraform.run(root, environment, side, "init")
        await terraform.run(root, environment, side, "apply", "-auto-approve")
    terraform.root("state", name="s", backend=backend)
    async with aws.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
        assert lacks_type(await terraform.run(root, environment, side, "plan", "-no-color", code=1))
    attach = functools.partial(aws.attach, binary=terraform.binary, environment=environment, workspace=root)
    for attaching in (attach(full_schema=True), attach(types=["aws_sns_topic"])):
        async with attaching as side:
            assert "1 to destroy" in await terraform.run(root, environment, side, "plan", "-no-color")


async def test_exec_runs_any_command_warm_and_returns_its_exit_code(terraform: Terraform, directory: Path) -> None:
    """Run in an initialised directory: same output and exit code, and a signal reaches terraform."""
    terraform.standin.reset()
    environment = terraform.environment(XDG_RUNTIME_DIR=str(directory))
    root = terraform.root("mine", name="e", more=QUEUE)
    await terraform.run(root, environment, PLAIN, "init")

    async def execute(*command: str) -> asyncio.subprocess.Process:
        with (root / "output").open("wb") as output:
            return await asyncio.create_subprocess_exec(
                sys.executable, "-P", "-m", "reconciler.provider", "exec", "--", *command,
                cwd=root, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip

    try:
        planned = await execute("terraform", "plan", "-detailed-exitcode", "-no-color")
        assert await asyncio.wait_for(planned.wait(), PATIENCE) == 2
        assert "2 to add" in (root / "output").read_text()
        status = await WarmProvider(control.runtime_directory_in(directory, "default")).status()
        assert status["runs_total"] == 1
        terraform.standin.inject_fault("sqs", "slow", operation="GetQueueAttributes", times=100, seconds=2 * PATIENCE)
        before = terraform.standin.last_request()
        applied = await execute("terraform", "apply", "-auto-approve", "-no-color")
        await until(terraform.asked("GetQueueAttributes", before), "the apply is under way")
        applied.terminate()
        assert await asyncio.wait_for(applied.wait(), PATIENCE) == 1
        assert "Interrupt received" in (root / "output").read_text()
        missing = await execute("no-such-command")
        assert await missing.wait() == 127
        shell = await execute("sh", "-c", "kill -KILL $$")
        assert await asyncio.wait_for(shell.wait(), PATIENCE) == 128 + signal.SIGKILL
    finally:
        terraform.standin.lift_faults()
        await WarmProvider(control.runtime_directory_in(directory, "default")).stop(drain_seconds=0)
    await until(lambda: processes(str(directory)) == [], "no process is left")
