"""Volumes of a task, the places where its containers see them, and files of environment variables.

A volume without further fields is shared by the containers of one task and is gone with it. A volume of EFS stays; it
is always encrypted on its way, and its access point and the task's role are the default.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from desired_state.kinds.fields import IfSet, Name, Strict, Text, refuse
from desired_state.located import quote

_OWN_PLACES: Final = ("/tmp", "/var/tmp")  # every container has these already  # noqa: S108
_SYSTEM: Final = re.compile(r"/(?:proc|sys|dev)(?:/|$)|/\.\.?(?:/|$)")


def _not_tmp(name: str) -> str:
    if f"{name}-".startswith("tmp-"):
        raise refuse(f"{quote(name)} is the name of the volume below /var/tmp: choose another")
    return name


def _mountable(path: str) -> str:
    if path in _OWN_PLACES:
        raise refuse(f"every container can write to {path}: remove the mount, or choose another path")
    if _SYSTEM.search(path):
        raise refuse(f"{quote(path)} is no place for a volume: write a path of the container's own")
    return path


VolumeName = Annotated[Name, AfterValidator(_not_tmp)]
MountPath = Annotated[
    str, Text(r"(?:/[A-Za-z0-9._@+-]+)+", "a path in a container, such as /data", 255), AfterValidator(_mountable)
]
# EFS API reference, DescribeFileSystems, CreateAccessPoint.
FileSystemId = Annotated[str, Text(r"fs-[0-9a-f]{8,40}", "the id of a file system such as fs-0a1b2c3d4e5f60718")]
AccessPointId = Annotated[str, Text(r"fsap-[0-9a-f]{8,40}", "the id of an access point such as fsap-0a1b2c3d4e5f60718")]
Directory = Annotated[
    str, Text(r"(?:/[A-Za-z0-9._@+-]+){1,4}", "a directory of at most four levels, such as /orders/uploads", 100)
]
GroupId = Annotated[str, Text(r"sg-[0-9a-f]{8,17}", "the id of a security group such as sg-0a1b2c3d4e5f60718")]
# Amazon ECS developer guide, "Pass environment variables to an Amazon ECS container": files end in .env, at most ten.
EnvFile = Annotated[
    str,
    Text(
        r"arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[A-Za-z0-9!_.'()/-]+\.env",
        "the ARN of an object of S3 whose name ends in .env",
        1024,
    ),
]
EnvFiles = Annotated[tuple[EnvFile, ...], Field(max_length=10)]


class Efs(Strict):
    """A file system of EFS. Without `accessPoint` the service gets an access point of its own, which opens
    `rootDirectory`; `securityGroup` is the group of the mount targets."""

    file_system: FileSystemId
    access_point: AccessPointId | None = None
    root_directory: Directory | None = None
    iam: bool = True
    security_group: GroupId | None = None

    @field_validator("root_directory")
    @classmethod
    def _of_an_own_access_point(cls, directory: str | None, info: ValidationInfo) -> str | None:
        # Amazon ECS API reference, EFSVolumeConfiguration, rootDirectory.
        if directory is not None and info.data.get("access_point") is not None:
            raise refuse("the access point has a directory of its own: remove rootDirectory, or accessPoint")
        return directory


class Volume(Strict):
    """A volume of a task; without `efs` it lives and dies with the task."""

    efs: Annotated[Efs | None, IfSet] = None


class Mount(Strict):
    """The volume that a container sees at a path."""

    volume: VolumeName
    read_only: bool = False


Volumes = Annotated[dict[VolumeName, Volume], Field(max_length=10)]
Mounts = Annotated[dict[MountPath, Mount], Field(max_length=10)]


def known_volumes(mounts: dict[str, Mount], info: ValidationInfo) -> dict[str, Mount]:
    """Validate that each mount has a volume of `volumes`, which must be an earlier field."""
    if (found := unknown_volume(mounts, info.data.get("volumes"))) is not None:
        path, message = found
        raise refuse(message, inside=(path, "volume"))
    return mounts


def unknown_volume(mounts: Mapping[str, Mount], volumes: Mapping[str, Volume] | None) -> tuple[str, str] | None:
    """Return the first path without a volume, and the message about it. No volumes were read: None."""
    for path, mount in mounts.items():
        if volumes is not None and mount.volume not in volumes:
            known = f"the choices are {', '.join(sorted(volumes))}" if volumes else "write it under volumes"
            return path, f"{quote(mount.volume)} is not one of volumes: {known}"
    return None
