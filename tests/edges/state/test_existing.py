"""Storage of states that an account has already, as `bootstrap` adopts it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from deploy.local.standin import StandIn
from desired_state.kinds.adoption import Import
from reconciler.edges.aws.clients import AwsClients, AwsFailed
from reconciler.edges.state.existing import existing_storage
from tests.edges.callers import caller
from tests.edges.conftest import DEVELOP, STATE

pytestmark = pytest.mark.aws
SETTINGS = replace(STATE, bucket="made-before-{account}", lock_table="made-before")
BUCKET = "made-before-123456789012"


@pytest.fixture
def clients(monkeypatch: pytest.MonkeyPatch) -> Iterator[AwsClients]:
    made = caller(monkeypatch)
    yield made
    made.close()


async def test_nothing_is_adopted_where_nothing_exists_and_everything_that_would_be_refused_where_it_does(
    aws: StandIn, clients: AwsClients
) -> None:
    place = replace(DEVELOP, endpoint=aws.endpoint)
    assert await existing_storage(clients, SETTINGS, place) == []

    aws.client("s3").create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": aws.region})
    kms = aws.client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.create_alias(AliasName=f"alias/{BUCKET}", TargetKeyId=key)
    assert await existing_storage(clients, SETTINGS, place) == [
        Import(to="aws_s3_bucket.state", id=BUCKET),
        Import(to="aws_kms_key.state", id=key),
        Import(to="aws_kms_alias.state", id=f"alias/{BUCKET}"),
    ]

    aws.client("dynamodb").create_table(
        TableName="made-before",
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    found = await existing_storage(clients, SETTINGS, place)
    assert found[-1] == Import(to="aws_dynamodb_table.lock", id="made-before")
    assert len(found) == 4


async def test_what_may_not_be_looked_at_is_not_taken_for_absent(aws: StandIn, clients: AwsClients) -> None:
    aws.inject_fault("s3", "error", operation="ListObjectsV2", status=403)
    try:
        with pytest.raises(AwsFailed):
            await existing_storage(clients, SETTINGS, replace(DEVELOP, endpoint=aws.endpoint))
    finally:
        aws.lift_faults()
