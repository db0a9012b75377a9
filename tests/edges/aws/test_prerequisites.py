"""What a deployment relies on, asked of the AWS stand-in."""

import json
import uuid
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from deploy.local import standin
from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import Needs
from reconciler.core.ports.aws import LiveUnavailable
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
async def ask(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AwsPrerequisites]:
    clients = caller(monkeypatch)
    yield AwsPrerequisites(clients)
    clients.close()


@pytest.fixture
def there(aws: standin.StandIn) -> str:
    """The name of a repository with the image tag `1`, of a secret and of a role."""
    name = f"n{uuid.uuid4().hex[:10]}"
    aws.client("ecr").create_repository(repositoryName=name)
    manifest = json.dumps({"schemaVersion": 2, "config": {"digest": f"sha256:{uuid.uuid4().hex * 2}"}})
    aws.client("ecr").put_image(repositoryName=name, imageManifest=manifest, imageManifestMediaType=OCI, imageTag="1")
    aws.client("secretsmanager").create_secret(Name=name, SecretString="x")
    aws.client("iam").create_role(RoleName=name, AssumeRolePolicyDocument="{}")
    return name


async def test_what_is_there_is_not_missing(where: Environment, ask: AwsPrerequisites, there: str) -> None:
    assert await ask.missing(Needs((f"{REGISTRY}/{there}:1",), (there,), (f"{ROLE}{there}",)), where) == []


async def test_each_thing_that_is_missing_is_named(where: Environment, ask: AwsPrerequisites, there: str) -> None:
    images = (f"{REGISTRY}/{there}:2", f"{REGISTRY}/nowhere:1", f"{REGISTRY}/{there}@sha256:{'0' * 64}")
    assert await ask.missing(Needs(images, ("orders/url",), (f"{ROLE}nobody",)), where) == [
        f"image {there}:2 was not pushed",
        "image nowhere:1 was not pushed",
        f"image {there}@sha256:{'0' * 64} was not pushed",
        "secret orders/url does not exist",
        "role nobody is gone",
    ]


async def test_an_image_of_another_region_is_not_asked_for(where: Environment, ask: AwsPrerequisites) -> None:
    elsewhere = f"{ACCOUNT}.dkr.ecr.us-east-1.amazonaws.com/proxy:1"
    assert await ask.missing(Needs((elsewhere,)), where) == []


async def test_trouble_on_the_way_is_not_taken_for_missing(
    aws: standin.StandIn, where: Environment, ask: AwsPrerequisites
) -> None:
    aws.inject_fault("secretsmanager", "error", status=503)
    with pytest.raises(LiveUnavailable):
        await ask.missing(Needs(secrets=("orders/url",)), where)
