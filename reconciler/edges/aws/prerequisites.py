"""Whether what a deployment names is there: images, secrets, roles.

The rule: only what AWS says is not there counts as missing. A question that AWS does not let us ask blocks nobody.
"""

import asyncio
import re
from collections.abc import Awaitable, Sequence

from reconciler.core.environment import Environment
from reconciler.core.plan.deployment import Needs
from reconciler.core.ports.aws import LiveUnavailable
from reconciler.edges.aws.clients import AwsClients, AwsFailed

_ECR_IMAGE = re.compile(r"(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?::([^@]+)|@(.+))")
_DENIED = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation"})
_NOT_THERE = frozenset(
    {"ImageNotFoundException", "RepositoryNotFoundException", "ResourceNotFoundException", "NoSuchEntity"}
)


class AwsPrerequisites:
    """Implements `preparation.Prerequisites` on ECR, Secrets Manager and IAM."""

    def __init__(self, clients: AwsClients) -> None:
        self._clients = clients

    async def missing(self, needs: Needs, environment: Environment) -> Sequence[str]:
        """What is not there, in words. Raises: LiveUnavailable."""
        questions = [
            *(self._image(image, environment) for image in needs.images),
            *(self._secret(name, environment) for name in needs.secrets),
            *(self._role(arn, environment) for arn in needs.roles),
        ]
        try:
            answers = await asyncio.gather(*questions)
        except AwsFailed as failure:
            raise LiveUnavailable(str(failure)) from failure
        return [answer for answer in answers if answer]

    async def _image(self, image: str, environment: Environment) -> str | None:
        named = _ECR_IMAGE.fullmatch(image)
        if named is None or named[2] != environment.region:
            return None
        account, _, repository, tag, digest = named.groups()
        which = {"imageTag": tag} if tag else {"imageDigest": digest}
        asked = self._clients.call(
            environment,
            "ecr",
            "describe_images",
            registryId=account,
            repositoryName=repository,
            imageIds=[which],
        )
        there = await _is_there(asked)
        return None if there else f"image {repository}{f':{tag}' if tag else f'@{digest}'} was not pushed"

    async def _secret(self, name: str, environment: Environment) -> str | None:
        asked = self._clients.call(environment, "secretsmanager", "describe_secret", SecretId=name)
        return None if await _is_there(asked) else f"secret {name} does not exist"

    async def _role(self, arn: str, environment: Environment) -> str | None:
        name = arn.rpartition("/")[2]
        asked = self._clients.call(environment, "iam", "get_role", RoleName=name)
        return None if await _is_there(asked) else f"role {name} is gone"


async def _is_there(asked: Awaitable[object]) -> bool:
    try:
        await asked
    except AwsFailed as failure:
        if failure.code in _NOT_THERE:
            return False
        if failure.code in _DENIED:
            return True
        raise
    return True
