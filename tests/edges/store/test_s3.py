"""Trees and reports in S3: encryption, damaged objects and failures."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.config import Config

from deploy.local.standin import StandIn
from desired_state.files.tree import tree_id
from reconciler.core.ports.source import SourceFailed
from reconciler.core.ports.store import Reports
from reconciler.edges.aws.clients import AwsClients, Home
from reconciler.edges.store.reports import ReportFailed
from reconciler.edges.store.s3 import S3Reports, S3Trees
from reconciler.edges.store.trees import DamagedTree, TreeFailed
from tests.edges.aws_stub import credentials, make_bucket

pytestmark = pytest.mark.aws
TREE = {"roots/service/main.tf": b"# main"}
NAME = f"trees/{tree_id(TREE).removeprefix('sha256:')}.tar.gz"
ONCE = Config(retries={"mode": "standard", "total_max_attempts": 1})


@pytest.fixture
def clients() -> Iterator[AwsClients]:
    with credentials():
        found = AwsClients(settings=ONCE)
        yield found
        found.close()


@pytest.fixture
def home(aws: StandIn) -> Home:
    return Home(aws.region, aws.endpoint)


@pytest.fixture
def bucket(aws: StandIn) -> str:
    name = f"objects-{uuid.uuid4().hex[:20]}"
    make_bucket(name)
    return name


def stored(aws: StandIn, bucket: str, name: str) -> dict[str, Any]:
    found: dict[str, Any] = aws.client("s3").get_object(Bucket=bucket, Key=name)
    return found


async def test_with_a_key_every_object_is_encrypted_with_it(
    aws: StandIn, clients: AwsClients, home: Home, bucket: str
) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    await S3Trees(clients, bucket, home, kms_key_id=key).put(tree_id(TREE), TREE)
    await S3Reports(clients, bucket, home, kms_key_id=key).keep("develop/orders/1.md", "# Drift")
    for name in (NAME, "reports/develop/orders/1.md"):
        found = stored(aws, bucket, name)
        assert (found["ServerSideEncryption"], found["SSEKMSKeyId"]) == ("aws:kms", key)


async def test_without_a_key_the_buckets_default_encryption_applies(
    aws: StandIn, clients: AwsClients, home: Home, bucket: str
) -> None:
    since = aws.last_request()
    await S3Trees(clients, bucket, home).put(tree_id(TREE), TREE)
    assert [call["operation"] for call in aws.requests(since)] == ["PutObject"]
    assert stored(aws, bucket, NAME).get("SSEKMSKeyId") is None


async def test_a_tree_known_to_be_kept_is_not_sent_again(
    aws: StandIn, clients: AwsClients, home: Home, bucket: str
) -> None:
    trees = S3Trees(clients, bucket, home)
    await trees.put(tree_id(TREE), TREE)
    since = aws.last_request()
    await trees.put(tree_id(TREE), TREE)
    assert aws.requests(since) == []


async def test_equal_trees_are_equal_objects(aws: StandIn, clients: AwsClients, home: Home, bucket: str) -> None:
    await S3Trees(clients, bucket, home).put(tree_id(TREE), TREE)
    first = stored(aws, bucket, NAME)["Body"].read()
    aws.client("s3").delete_object(Bucket=bucket, Key=NAME)
    await S3Trees(clients, bucket, home).put(tree_id(TREE), dict(reversed(TREE.items())))
    assert stored(aws, bucket, NAME)["Body"].read() == first


@pytest.mark.parametrize("cut", [0, 20, -9])
async def test_a_damaged_tree_is_not_returned(
    aws: StandIn, clients: AwsClients, home: Home, bucket: str, cut: int
) -> None:
    trees = S3Trees(clients, bucket, home)
    await trees.put(tree_id(TREE), TREE)
    body = stored(aws, bucket, NAME)["Body"].read()
    aws.client("s3").put_object(Bucket=bucket, Key=NAME, Body=body[:cut])
    with pytest.raises(DamagedTree, match=r"tar\.gz in objects-.* is damaged"):
        await trees.get(tree_id(TREE))


async def test_another_tree_under_the_same_name_is_not_returned(
    aws: StandIn, clients: AwsClients, home: Home, bucket: str
) -> None:
    other = {"roots/service/main.tf": b"# another"}
    trees = S3Trees(clients, bucket, home)
    await trees.put(tree_id(other), other)
    foreign = f"trees/{tree_id(other).removeprefix('sha256:')}.tar.gz"
    aws.client("s3").copy_object(Bucket=bucket, Key=NAME, CopySource={"Bucket": bucket, "Key": foreign})
    with pytest.raises(DamagedTree, match="its content is not"):
        await trees.get(tree_id(TREE))


async def test_a_missing_bucket_is_not_a_missing_tree(clients: AwsClients, home: Home) -> None:
    trees = S3Trees(clients, "no-such-bucket", home)
    with pytest.raises(SourceFailed, match="cannot be kept in no-such-bucket"):
        await trees.put(tree_id(TREE), TREE)
    with pytest.raises(TreeFailed, match=r"cannot be read: .*NoSuchBucket"):
        await trees.get(tree_id(TREE))


async def test_a_report_is_text_under_its_own_name(aws: StandIn, clients: AwsClients, home: Home, bucket: str) -> None:
    reports: Reports = S3Reports(clients, bucket, home)
    await reports.keep("develop/orders/1.md", "# Drift\n")
    await reports.keep("develop/orders/1.md", "# Drift, again: ü\n")
    found = stored(aws, bucket, "reports/develop/orders/1.md")
    assert found["Body"].read().decode() == "# Drift, again: ü\n"
    assert found["ContentType"] == "text/markdown; charset=utf-8"


@pytest.mark.parametrize("name", ["../trees/x", "/etc/x", "", "a/../../b"])
async def test_a_report_cannot_leave_its_prefix(clients: AwsClients, home: Home, bucket: str, name: str) -> None:
    with pytest.raises(ReportFailed, match="would leave the reports' folder"):
        await S3Reports(clients, bucket, home).keep(name, "")


async def test_a_report_that_cannot_be_kept_raises_report_failed(clients: AwsClients, home: Home) -> None:
    with pytest.raises(ReportFailed, match=r"a\.json cannot be kept in no-such-bucket"):
        await S3Reports(clients, "no-such-bucket", home).keep("a.json", "{}")
