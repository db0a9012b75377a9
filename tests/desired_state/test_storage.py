"""Volumes, mounts and files of variables: what is wrong has a place, and what loosens a default is allowed first."""

from typing import Any

import pytest

from desired_state.checks.conflicts import EnvironmentFacts
from tests.desired_state.manifests import build_from, platform, problems_of, service, valid

EFS = {"fileSystem": "fs-0a1b2c3d4e5f60718"}
FILE = "arn:aws:s3:::acme-config/orders.env"
PROXY = {"name": "proxy", "image": "registry.example/proxy:1"}


def test_volumes_of_both_kinds_are_mounted_by_all_containers() -> None:
    sidecar = PROXY | {"mounts": {"/data": {"volume": "data", "readOnly": True}}, "envFiles": [FILE]}
    volumes = {"data": {}, "files": {"efs": {**EFS, "rootDirectory": "/orders", "securityGroup": "sg-0a1b2c3d"}}}
    valid(service(volumes=volumes, mounts={"/files": {"volume": "files"}}, envFiles=[FILE], sidecars=[sidecar]))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mounts": {"/data": {"volume": "data"}}}, '"data" is not one of volumes: write it under volumes'),
        (
            {"volumes": {"a": {}}, "sidecars": [PROXY | {"mounts": {"/data": {"volume": "b"}}}]},
            '"b" is not one of volumes: the choices are a',
        ),
        ({"volumes": {"tmp": {}}}, '"tmp" is the name of the volume below /var/tmp: choose another'),
        ({"volumes": {"tmp-proxy": {}}}, '"tmp-proxy" is the name of the volume below /var/tmp: choose another'),
        (
            {"volumes": {"a": {}}, "mounts": {"/tmp": {"volume": "a"}}},
            "every container can write to /tmp: remove the mount, or choose another path",
        ),
        (
            {"volumes": {"a": {}}, "mounts": {"/proc/x": {"volume": "a"}}},
            '"/proc/x" is no place for a volume: write a path of the container\'s own',
        ),
        (
            {"volumes": {"a": {}}, "mounts": {"/a/../b": {"volume": "a"}}},
            '"/a/../b" is no place for a volume: write a path of the container\'s own',
        ),
        (
            {"volumes": {"a": {}}, "mounts": {"data": {"volume": "a"}}},
            '"data" is not a path in a container, such as /data',
        ),
        (
            {"volumes": {"a": {"efs": {"fileSystem": "files"}}}},
            '"files" is not the id of a file system such as fs-0a1b2c3d4e5f60718',
        ),
        (
            {"volumes": {"a": {"efs": {**EFS, "accessPoint": "fsap-0a1b2c3d", "rootDirectory": "/a"}}}},
            "the access point has a directory of its own: remove rootDirectory, or accessPoint",
        ),
        (
            {"envFiles": ["s3://acme-config/orders.env"]},
            '"s3://acme-config/orders.env" is not the ARN of an object of S3 whose name ends in .env',
        ),
        ({"envFiles": [FILE, FILE]}, f'"{FILE}" is listed twice'),
    ],
)
def test_a_mistake_is_explained(changes: dict[str, Any], message: str) -> None:
    assert problems_of(service(**changes)) == [message]


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"envFiles": [FILE]}, "env-files"),
        ({"sidecars": [PROXY | {"envFiles": [FILE]}]}, "env-files"),
        ({"volumes": {"a": {"efs": {**EFS, "iam": False}}}}, "efs-without-iam"),
    ],
)
def test_what_loosens_a_default_needs_the_permission_of_its_environment(changes: dict[str, Any], name: str) -> None:
    for facts in (EnvironmentFacts("develop"), EnvironmentFacts("qa", frozenset({name}))):
        assert build_from(platform(), service(**changes), environments={"develop": facts}).problems == ()
    (problem,) = build_from(platform(), service(**changes), environments={"develop": EnvironmentFacts("qa")}).problems
    assert f"have {name} added to environments.develop.allow" in problem.message
