"""The nine ways to lose a state, on one platform and its service: nothing is created, and what is said to do helps."""

import asyncio
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from deploy.local.standin import StandIn
from reconciler.core.vocabulary import Sync
from tests.e2e.fleet import LEDGER, ORDERS, fleet
from tests.e2e.lost_states import WAYS, Seen, check, keep_versions, play
from tests.standins import borrowed

pytestmark = [pytest.mark.aws, pytest.mark.timeout(3600), pytest.mark.chaos]

TABLES = ("locks", "other-locks")


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, Seen]]:
    folder: Path = tmp_path_factory.mktemp("fleet")

    async def all_of_it(aws: StandIn) -> Mapping[str, Seen]:
        for table in TABLES:
            aws.client("dynamodb").create_table(
                TableName=table,
                BillingMode="PAY_PER_REQUEST",
                KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
            )
        async with fleet(aws, folder, lock_table="locks") as stage:
            keep_versions(stage)
            await stage.begin()
            quiet = [await stage.visit(key) for _ in range(6) for key in (ORDERS, LEDGER)]
            assert {(record.sync, record.drift) for record in quiet} == {(Sync.IN_SYNC, None)}
            return {name: await play(stage, way) for name, way in WAYS.items()}

    with borrowed() as aws, pytest.MonkeyPatch.context() as patch:
        for name, value in aws.environment().items():
            patch.setenv(name, value)
        yield asyncio.run(all_of_it(aws))


@pytest.mark.parametrize("name", WAYS)
def test_nothing_is_created_and_what_the_message_says_mends_it(played: Mapping[str, Seen], name: str) -> None:
    check(WAYS[name], played[name])
