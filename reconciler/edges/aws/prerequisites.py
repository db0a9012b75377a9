"""Checks of the images, secrets and roles that a deployment names, and of contents that a removal would stop at.

Only a resource that AWS reports as not found counts as missing. A check that AWS does not permit blocks no deployment,
which changes back; it does block a removal, which AWS would stop half-way.
"""

import asyncio
import re
from collections.abc import Awaitable, Sequence
from dataclasses import replace

from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import ContentHolder, Needs
from reconciler.core.ports.aws import Contents, LiveUnavailable
from reconciler.edges.aws.clients import DENIED, AwsClients, AwsFailed

_ECR_IMAGE = re.compile(
    r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?=[:@])(?::([^@]+))?(?:@(.+))?"
)
_NOT_THERE = frozenset(
    {
        *("ImageNotFoundException", "RepositoryNotFoundException", "ResourceNotFoundException"),
        *("NoSuchBucket", "NoSuchEntity"),
    }
)


class AwsPrerequisites:
    """Implements `core.ports.aws.Prerequisites` on ECR, S3, Secrets Manager and IAM."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    async def missing(self, needs: Needs, environment: Environment) -> Sequence[str]:
        """Return a short message for each missing resource. Raises: LiveUnavailable."""
        checks = [
            *(self._image(image, environment) for image in needs.images),
            *(self._secret(name, environment) for name in needs.secrets),
            *(self._role(arn, environment) for arn in needs.roles),
        ]
        try:
            answers = await asyncio.gather(*checks)
        except AwsFailed as failure:
            raise LiveUnavailable(str(failure)) from failure
        return [answer for answer in answers if answer]

    async def contents(self, holders: Sequence[ContentHolder], environment: Environment) -> Contents:
        """Return those that hold something, and those of which that cannot be known. Raises: LiveUnavailable."""
        try:
            answers = await asyncio.gather(*(self._holds(holder, environment) for holder in holders))
        except AwsFailed as failure:
            raise LiveUnavailable(str(failure)) from failure
        found = list(zip(holders, answers, strict=True))
        return Contents(
            full=[holder for holder, holds in found if holds],
            unseen=[holder for holder, holds in found if holds is None],
        )

    async def _holds(self, holder: ContentHolder, environment: Environment) -> bool | None:
        """Return whether it holds something; None when the role may not look."""
        try:
            match holder.type:
                case "aws_ecr_repository":
                    return await self._has_images(holder.name, environment)
                case "aws_s3_bucket":
                    return await self._has_objects(holder.name, environment)
        except AwsFailed as failure:
            if failure.code in DENIED:
                return None
            if failure.code not in _NOT_THERE:
                raise
        return False

    async def _has_images(self, repository: str, environment: Environment) -> bool:
        found = await self._clients.call(environment, "ecr", "describe_images", repositoryName=repository, maxResults=1)
        return bool(found["imageDetails"])

    async def _has_objects(self, bucket: str, environment: Environment) -> bool:
        """Return True also for a bucket that holds former versions or marks of deletion only: S3 keeps it as well."""
        found = await self._clients.call(environment, "s3", "list_object_versions", Bucket=bucket, MaxKeys=1)
        return bool(found.get("Versions") or found.get("DeleteMarkers"))

    async def _image(self, image: str, environment: Environment) -> str | None:
        named = _ECR_IMAGE.fullmatch(image)
        if named is None:
            return None
        account, region, repository, tag, digest = named.groups()
        which = {"imageDigest": digest} if digest else {"imageTag": tag}
        call = self._clients.call(
            replace(environment, region=region),
            "ecr",
            "describe_images",
            registryId=account,
            repositoryName=repository,
            imageIds=[which],
        )
        if await _exists(call):
            return None
        version = f"@{digest}" if digest else f":{tag}"
        return f"image {repository}{version} is not in its registry: never pushed, or expired"

    async def _secret(self, name: str, environment: Environment) -> str | None:
        if name.startswith("arn:"):
            environment = replace(environment, region=name.split(":")[3])
        call = self._clients.call(environment, "secretsmanager", "describe_secret", SecretId=name)
        return None if await _exists(call) else f"secret {name} does not exist"

    async def _role(self, arn: str, environment: Environment) -> str | None:
        name = arn.rpartition("/")[2]
        call = self._clients.call(environment, "iam", "get_role", RoleName=name)
        return None if await _exists(call) else f"role {name} does not exist"


async def _exists(call: Awaitable[object]) -> bool:
    try:
        await call
    except AwsFailed as failure:
        if failure.code in _NOT_THERE:
            return False
        if failure.code in DENIED:
            return True
        raise
    return True
