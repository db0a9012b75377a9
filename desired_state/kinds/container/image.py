"""The image of a service: one of its own registry, or one of any other."""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, ValidationInfo, field_validator, model_validator

from desired_state.kinds.container.secret import SecretName
from desired_state.kinds.fields import IfSet, Strict, Text, refuse
from desired_state.located import quote

_HUB = "docker.io"
# A registry of ECR, whose images the execution role pulls: no other login is needed.
_ECR = re.compile(r"[0-9]{12}\.dkr[.-]ecr(?:-fips)?\.[a-z0-9-]+\.(?:amazonaws\.com(?:\.cn)?|on\.aws)/.+")


def _with_registry(repository: str) -> str:
    name = repository.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    name, colon, tag = last.partition(":")
    if slash and "@" in repository:
        digest = repository.partition("@")[2]
        raise refuse(f"{quote(repository)} has a digest: write it as digest: {quote(digest)}")
    if colon and (slash or not tag.isdecimal()):
        raise refuse(f"{quote(repository)} has a tag: write it as tag: {quote(tag)}")
    first = repository.partition("/")[0]
    if "/" not in repository and re.fullmatch(r"[a-z0-9._-]+", repository):
        raise refuse(f"{quote(repository)} names no registry: on Docker Hub this is {_HUB}/library/{repository}")
    if not re.search(r"[.:]", first) and folder:
        raise refuse(f"{quote(repository)} names no registry: on Docker Hub this is {_HUB}/{repository}")
    return repository


Tag = Annotated[str, Text(r"[A-Za-z0-9_][A-Za-z0-9_.-]*", "an image tag", 128)]
Digest = Annotated[str, Text(r"sha256:[0-9a-f]{64}", "a digest: write sha256: and 64 hexadecimal digits", 71)]
ImageRepository = Annotated[
    str,
    AfterValidator(_with_registry),
    Text(
        r"[a-z0-9.-]+(?::[0-9]+)?(?:/[a-z0-9._-]+)+",
        "the repository of an image: write registry/repository, in lower case",
        384,
    ),
]


class Image(Strict):
    """The image that Git deploys. Without it the pipeline deploys, and the daemon keeps the image that runs.

    It is one of the service's own registry, unless `repository` names another one. `credentials` is the secret with
    which ECS logs in there."""

    repository: Annotated[ImageRepository | None, IfSet] = None
    tag: Annotated[Tag | None, IfSet] = None
    digest: Annotated[Digest | None, IfSet] = None
    credentials: Annotated[SecretName | None, IfSet] = None

    @property
    def elsewhere(self) -> str | None:
        """The whole reference of an image of another registry; None for one of the service's own."""
        return None if self.repository is None else f"{self.repository}{self.version}"

    @property
    def version(self) -> str:
        """The end of a reference: a colon and the tag, or an at sign and the digest."""
        return f":{self.tag}" if self.tag is not None else f"@{self.digest}"

    @model_validator(mode="before")
    @classmethod
    def _more_than_a_name(cls, image: object) -> object:
        if isinstance(image, str):
            name, at, digest = image.partition("@")
            folder, _, last = name.rpartition("/")
            last, _, tag = last.partition(":")
            registry = folder if re.search(r"[.:]", folder.partition("/")[0]) else f"{_HUB}/{folder or 'library'}"
            version = f"digest: {quote(digest)}" if at else f"tag: {quote(tag or 'the tag')}"
            own = f"{{{version}}} for an image of the service's own registry"
            message = f"{quote(image)} is not a mapping: write {{repository: {quote(f'{registry}/{last}')}, {version}}}"
            raise refuse(f"{message}, or {own}")
        return image

    @field_validator("credentials")
    @classmethod
    def _of_another_registry(cls, secret: str | None, info: ValidationInfo) -> str | None:
        repository = info.data.get("repository")
        if secret is not None and "repository" in info.data and repository is None:
            raise refuse("the service's own registry needs no credentials: remove them, or add repository")
        if secret is not None and repository is not None and _ECR.fullmatch(repository):
            raise refuse(
                f"ECR takes no credentials: remove them; the service's execution role may pull {quote(repository)}",
                beside=("repository",),
            )
        return secret

    @model_validator(mode="after")
    def _one_version(self) -> Self:
        if self.tag is None and self.digest is None:
            raise refuse("an image needs a version: add tag or digest")
        if self.tag is not None and self.digest is not None:
            raise refuse("tag and digest both name a version: remove one", inside=("digest",))
        return self
