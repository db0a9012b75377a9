"""After a thousand plans a warm provider uses no more descriptors and memory than after a hundred.

The default suite makes 60 real no-op plans; `make chaos` makes 1,000 (about a quarter of an hour). Meanwhile processes
reach their limit of calls and are replaced, which would show leaks of that replacement. The series is printed.
"""

import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import pytest

from deploy.local.standin import StandIn
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import PackageNotFound, locate
from reconciler.provider.processes.limits import Limits
from reconciler.provider.processes.memory import MIB
from tests.patience import PATIENCE
from tests.provider.conftest import processes, until
from tests.provider.terraform_runs import Terraform, mirrors
from tests.standins import borrowed

pytestmark = pytest.mark.aws

CALLS = 100  # a process is replaced after this number
SPARE_DESCRIPTORS = 8  # for a connection that is about to end, or a process that is being replaced
SPARE_OF_WARM = 12 * MIB
SPARE_OF_PROVIDER = 120 * MIB  # the size of Go's heap varies with its garbage collection


@dataclass(frozen=True, slots=True)
class Sample:
    """Descriptors and resident bytes after a number of plans."""

    plans: int
    descriptors: int
    rss: int
    provider_descriptors: int
    provider_rss: int
    started: int


@pytest.fixture
def terraform(tmp_path: Path, standin: StandIn) -> Terraform:
    try:
        return Terraform(tmp_path, locate(mirrors(), None), standin)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with borrowed() as running:
        yield running


@pytest.fixture
async def warm() -> AsyncIterator[WarmProvider]:
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        started = await WarmProvider.start(Path(directory, "w"), limits=Limits(calls=CALLS), ready_seconds=PATIENCE)
        yield started
        await started.stop(drain_seconds=0)
        await until(lambda: processes(directory) == [], "no process is left")


def descriptors(pid: int) -> int:
    return len(os.listdir(f"/proc/{pid}/fd"))


async def sample(warm: WarmProvider, plans: int) -> Sample:
    status = await warm.status()
    pids = [process["pid"] for process in status["processes"]]
    return Sample(
        plans,
        descriptors(status["pid"]),
        status["rss_bytes"],
        max(map(descriptors, pids), default=0),
        max((process["rss_bytes"] for process in status["processes"]), default=0),
        status["processes_started_total"],
    )


def table(samples: list[Sample]) -> str:
    rows = ["plans  warm fds  warm MiB  provider fds  provider MiB  started"]
    rows += [
        f"{s.plans:5}  {s.descriptors:8}  {s.rss / MIB:8.1f}  {s.provider_descriptors:12}  "
        f"{s.provider_rss / MIB:12.1f}  {s.started:7}"
        for s in samples
    ]
    return "\n".join(rows)


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="/proc exists only on Linux")
@pytest.mark.parametrize(
    ("plans", "baseline"),
    [(60, 20), pytest.param(1000, 100, marks=[pytest.mark.chaos, pytest.mark.timeout(7200)])],
)
async def test_descriptors_and_memory_stay_flat(
    warm: WarmProvider, terraform: Terraform, plans: int, baseline: int
) -> None:
    terraform.standin.reset()
    environment = terraform.environment()
    root = terraform.root("soak", name="s")
    async with warm.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
        await terraform.run(root, environment, side, "init")
        await terraform.run(root, environment, side, "apply", "-auto-approve")
    samples = []
    for number in range(1, plans + 1):
        async with warm.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
            assert side.warm, side.reason
            await terraform.run(root, environment, side, "plan", "-detailed-exitcode")
        if number % (baseline // 4) == 0:
            samples.append(await sample(warm, number))
    print(f"\n{table(samples)}")  # noqa: T201 - the series is a result of this test
    base, rest = [s for s in samples if s.plans <= baseline], [s for s in samples if s.plans > baseline]
    assert rest[-1].started > base[-1].started, "processes were replaced"
    assert max(s.descriptors for s in rest) <= max(s.descriptors for s in base) + SPARE_DESCRIPTORS, table(samples)
    assert median(s.rss for s in rest[-4:]) <= max(s.rss for s in base) + SPARE_OF_WARM, table(samples)
    alive = [s for s in rest if s.provider_rss]
    limit = max(s.provider_descriptors for s in base) + SPARE_DESCRIPTORS
    assert max(s.provider_descriptors for s in alive) <= limit, table(samples)
    limit = max(s.provider_rss for s in base) + SPARE_OF_PROVIDER
    assert max(s.provider_rss for s in alive) <= limit, table(samples)
