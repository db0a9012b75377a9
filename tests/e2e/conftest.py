"""One stand-in for all stories of a file; every story has a bucket and a daemon of its own."""

import contextlib
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from tests.e2e.daemon import TABLE, Daemon
from tests.standins import borrowed


@pytest.fixture(scope="module")
def aws() -> Iterator[StandIn]:
    with borrowed() as running:
        running.client("dynamodb").create_table(
            TableName=TABLE,
            KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            BillingMode="PAY_PER_REQUEST",
        )
        yield running


@pytest.fixture
def daemon(aws: StandIn, tmp_path: Path) -> Iterator[Daemon]:
    stage = Daemon(tmp_path, aws)
    yield stage
    if stage.process is not None:
        with contextlib.suppress(ProcessLookupError):
            stage.stop(signal.SIGTERM)
