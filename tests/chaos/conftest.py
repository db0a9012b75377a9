"""An AWS stand-in with a lock table, a real terraform, and a warm provider of which nothing may be left."""

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from reconciler.provider.client import WarmProvider
from reconciler.provider.package import PackageNotFound, locate
from tests.e2e.daemon import TABLE
from tests.patience import PATIENCE
from tests.provider.conftest import processes, until
from tests.provider.terraform_runs import Terraform, mirrors
from tests.standins import borrowed


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with borrowed() as running:
        running.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield running


@pytest.fixture
def terraform(tmp_path: Path, standin: StandIn) -> Terraform:
    try:
        return Terraform(tmp_path, locate(mirrors(), None), standin)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")


@pytest.fixture
async def warm() -> AsyncIterator[WarmProvider]:
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        started = await WarmProvider.start(Path(directory, "w"), ready_seconds=PATIENCE)
        yield started
        await started.stop(drain_seconds=0)
        await until(lambda: processes(directory) == [], "no process is left")
