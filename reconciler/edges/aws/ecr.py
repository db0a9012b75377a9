"""Images of a service, from its ECR repository.

An image is named by a tag that does not move; `latest` and similar tags are the last resort. Three kinds of entries are
not images to run: signatures and attestations, which registries keep as images, and the placeholder tag that is used
before the first image is pushed.
"""

import re
from collections.abc import Mapping
from typing import Any

from desired_state.instance import Key
from reconciler.core.environment import Environment
from reconciler.edges.aws.clients import AwsClients, AwsFailed

PLACEHOLDER_TAG = "awaiting-first-image"
_PAGES = 50  # of 1,000 images each: more than a repository may hold by default
_COMMIT = re.compile(r"(?:[a-z0-9.]+-)?[0-9a-f]{7,40}")
_MOVING = frozenset({"latest", "stable", "main", "master", "develop", "test", "qa", "prod", "edge", "nightly", "cache"})
_ATTACHED = re.compile(r"sha256-[0-9a-f]{64}(?:\.\w+)?")  # signatures, attestations, bills of materials
_MARK = "deployed-"  # the tag with which builds mark what runs, beside its own
_MISSING = frozenset({"RepositoryNotFoundException", "ImageNotFoundException"})


def image_uri(key: Key, environment: Environment, version: str) -> str:
    """Return the address of an image in the service's own repository. `version`: `:tag` or `@digest`."""
    suffix = "amazonaws.com.cn" if environment.partition == "aws-cn" else "amazonaws.com"
    return f"{environment.account}.dkr.ecr.{environment.region}.{suffix}/{key.environment}/{key.name}{version}"


async def has_image(clients: AwsClients, key: Key, environment: Environment, version: str) -> bool:
    """Return True when this `:tag` or `@digest` was pushed. Raises: AwsFailed."""
    which = {"imageTag": version[1:]} if version.startswith(":") else {"imageDigest": version[1:]}
    try:
        found = await _describe(clients, key, environment, imageIds=[which])
    except AwsFailed as failure:
        if failure.code in _MISSING:
            return False
        raise
    return bool(found["imageDetails"])


async def newest_tag(clients: AwsClients, key: Key, environment: Environment) -> str | None:
    """Return the best tag of the image that was pushed last; None without an image. Raises: AwsFailed."""
    images: list[Mapping[str, Any]] = []
    more: dict[str, Any] = {}
    for _ in range(_PAGES):
        try:
            page = await _describe(clients, key, environment, filter={"tagStatus": "TAGGED"}, maxResults=1000, **more)
        except AwsFailed as failure:
            if failure.code in _MISSING:
                return None
            raise
        images += page["imageDetails"]
        if not page.get("nextToken"):
            break
        more = {"nextToken": page["nextToken"]}
    tagged = [(image["imagePushedAt"], image["imageDigest"], tag) for image in images if (tag := best_tag(image))]
    return max(tagged)[2] if tagged else None


def best_tag(image: Mapping[str, Any]) -> str | None:
    """Return the tag of an image that is least likely to move; None when it is not an image to run.

    A plain commit id is preferred to one with a prefix, because the pipelines deploy plain ones.
    """
    given = [tag for tag in image.get("imageTags", ()) if not tag.startswith(_MARK)]
    tags = [tag for tag in given if tag != PLACEHOLDER_TAG and not _ATTACHED.fullmatch(tag)]
    return min(
        tags, key=lambda tag: (tag in _MOVING, not _COMMIT.fullmatch(tag), "-" in tag, -len(tag), tag), default=None
    )


async def _describe(clients: AwsClients, key: Key, environment: Environment, **which: Any) -> Mapping[str, Any]:
    name = f"{key.environment}/{key.name}"
    return await clients.call(
        environment, "ecr", "describe_images", registryId=environment.account, repositoryName=name, **which
    )
