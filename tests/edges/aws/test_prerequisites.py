"""Existence checks of a deployment's prerequisites on the AWS stand-in."""

import json
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from deploy.local import standin
from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import ContentHolder, Needs
from reconciler.core.ports.aws import Contents, LiveUnavailable
from reconciler.edges.aws.clients import AwsFailed
from reconciler.edges.aws.prerequisites import AwsPrerequisites
from tests.edges.callers import caller

ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/"
OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
def where(aws: standin.StandIn) -> Iterator[Environment]:
    yield Environment("develop", "develop", ACCOUNT, aws.region, endpoint=aws.endpoint)
    aws.lift_faults()


@pytest_asyncio.fixture
async def prerequisites(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AwsPrerequisites]:
    clients = caller(monkeypatch)
    yield AwsPrerequisites(clients)
    clients.close()


@pytest.fixture
def existing(aws: standin.StandIn) -> str:
    """Return the common name of a repository with the image tag `1`, a secret and a role."""
    name = f"n{uuid.uuid4().hex[:10]}"
    aws.client("ecr").create_repository(repositoryName=name)
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{uuid.uuid4().hex * 2}"}})
    aws.client("ecr").put_image(repositoryName=name, imageManifest=manifest, imageManifestMediaType=OCI, imageTag="1")
    aws.client("secretsmanager").create_secret(Name=name, SecretString="x")
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return name


async def test_existing_resources_are_not_missing(
    where: Environment, prerequisites: AwsPrerequisites, existing: str
) -> None:
    needs = Needs((f"{REGISTRY}/{existing}:1",), (existing,), (f"{ROLE}{existing}",))
    assert await prerequisites.missing(needs, where) == []


async def test_each_missing_resource_is_named(
    where: Environment, prerequisites: AwsPrerequisites, existing: str
) -> None:
    images = (f"{REGISTRY}/{existing}:2", f"{REGISTRY}/nowhere:1", f"{REGISTRY}/{existing}:1@sha256:{'0' * 64}")
    assert await prerequisites.missing(Needs(images, ("orders/url",), (f"{ROLE}no-such-role",)), where) == [
        f"image {existing}:2 is not in its registry: never pushed, or expired",
        "image nowhere:1 is not in its registry: never pushed, or expired",
        f"image {existing}@sha256:{'0' * 64} is not in its registry: never pushed, or expired",
        "secret orders/url does not exist",
        "role no-such-role does not exist",
    ]


async def test_an_image_of_another_region_is_asked_for_in_that_region(
    where: Environment, prerequisites: AwsPrerequisites, existing: str
) -> None:
    elsewhere = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/{existing}:1"
    assert await prerequisites.missing(Needs((elsewhere,)), where) == [
        f"image {existing}:1 is not in its registry: never pushed, or expired"
    ]


async def test_a_failed_check_is_not_a_missing_resource(
    aws: standin.StandIn, where: Environment, prerequisites: AwsPrerequisites
) -> None:
    aws.inject_fault("secretsmanager", "error", status=503)
    with pytest.raises(LiveUnavailable):
        await prerequisites.missing(Needs(secrets=("orders/url",)), where)


async def test_only_what_holds_something_is_full(
    aws: standin.StandIn, where: Environment, prerequisites: AwsPrerequisites, existing: str
) -> None:
    s3, place = aws.client("s3"), {"LocationConstraint": aws.region}
    for bucket in (f"{existing}-full", f"{existing}-empty"):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=place)
    s3.put_object(Bucket=f"{existing}-full", Key="k", Body=b"x")
    aws.client("ecr").create_repository(repositoryName=f"{existing}-empty")
    holders = [
        ContentHolder(kind, name)
        for name in (existing, f"{existing}-full", f"{existing}-empty", f"{existing}-gone")
        for kind in ("aws_ecr_repository", "aws_s3_bucket")
    ]
    found = await prerequisites.contents(holders, where)
    assert found == Contents(
        full=[ContentHolder("aws_ecr_repository", existing), ContentHolder("aws_s3_bucket", f"{existing}-full")],
        unseen=[],
    )
    aws.inject_fault("ecr", "error", status=503)
    with pytest.raises(LiveUnavailable):
        await prerequisites.contents(holders[:1], where)


async def test_what_the_role_may_not_look_into_is_neither_full_nor_empty(
    where: Environment, prerequisites: AwsPrerequisites, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep failure, absence and "may not know" apart: ECR and S3 name the refusal differently."""
    codes = {"ecr": "AccessDeniedException", "s3": "AccessDenied"}

    async def refused(environment: Environment, service: str, operation: str, **_: object) -> None:
        raise AwsFailed(codes[service], "not authorized", operation=operation)

    monkeypatch.setattr(prerequisites._clients, "call", refused)
    holders = [ContentHolder("aws_ecr_repository", "prod/orders"), ContentHolder("aws_s3_bucket", "prod-artifacts")]
    assert await prerequisites.contents(holders, where) == Contents(full=[], unseen=holders)
