"""The things outside of itself that a service asks for, each with its place in the spec."""

from collections.abc import Iterator, Mapping
from typing import Literal, TypeAlias

from desired_state.kinds.container.secret import SecretSource
from desired_state.kinds.service.spec import ServiceSpec
from desired_state.located import Location

Readable: TypeAlias = Literal["secrets", "parameters"]


def secrets_of(spec: ServiceSpec) -> Iterator[tuple[Location, str, Readable]]:
    """Yield the secrets and parameters that become variables, that the code reads, and that log in at registries."""
    if spec.image and spec.image.credentials:
        yield ("image", "credentials"), spec.image.credentials, "secrets"
    yield from _sources(("secrets",), spec.secrets)
    yield from ((("runtimeSecrets", index), secret, "secrets") for index, secret in enumerate(spec.runtime_secrets))
    for index, sidecar in enumerate(spec.sidecars):
        yield from _sources(("sidecars", index, "secrets"), sidecar.secrets)
        if sidecar.credentials:
            yield ("sidecars", index, "credentials"), sidecar.credentials, "secrets"


def _sources(place: Location, secrets: Mapping[str, SecretSource]) -> Iterator[tuple[Location, str, Readable]]:
    for name, source in secrets.items():
        yield (*place, name), source.name, "secrets" if source.parameter is None else "parameters"


def groups_of(spec: ServiceSpec) -> Iterator[tuple[Location, str]]:
    """Yield the security groups that it wears or reaches."""
    for index, group in enumerate(spec.security.groups if spec.security else ()):
        yield ("security", "groups", index), group
    for index, way in enumerate(spec.security.egress if spec.security else ()):
        if way.group is not None:
            yield ("security", "egress", index, "group"), way.group


def storage_of(spec: ServiceSpec) -> Iterator[tuple[Location, str]]:
    """Yield file systems and files of variables, which are nobody's by their names."""
    yield from ((("envFiles", index), arn) for index, arn in enumerate(spec.env_files))
    for number, sidecar in enumerate(spec.sidecars):
        yield from ((("sidecars", number, "envFiles", index), arn) for index, arn in enumerate(sidecar.env_files))
    for name, volume in spec.volumes.items():
        if volume.efs is not None:
            yield ("volumes", name, "efs", "fileSystem"), volume.efs.file_system


def images_of(spec: ServiceSpec) -> Iterator[tuple[Location, str]]:
    """Yield the images that are not from its own registry."""
    if spec.image and spec.image.elsewhere:
        yield ("image", "repository"), spec.image.elsewhere
    yield from ((("sidecars", index, "image"), sidecar.image) for index, sidecar in enumerate(spec.sidecars))
    if spec.delivery and spec.delivery.scanner:
        yield ("delivery", "scanner"), spec.delivery.scanner


def without_tag(image: str) -> str:
    """Return the registry and repository of an image, without tag and digest."""
    name = image.partition("@")[0]
    folder, slash, last = name.rpartition("/")
    return folder + slash + last.partition(":")[0]
