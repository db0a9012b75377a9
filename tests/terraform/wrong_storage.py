"""Storage of services that Terraform refuses, as rows of the table in `test_refusals.py`."""

from __future__ import annotations

from typing import Any

from tests.terraform.inputs import Variables, public_service

Case = tuple[str, Variables, tuple[str, ...]]


def _case(*said: str, **storage: Any) -> Case:
    return "service", public_service("develop") | {"storage": storage}, said


def _volume(*said: str, **efs: str) -> Case:
    return _case(*said, volumes={"a": {"efs": efs}})


CASES: dict[str, Case] = {
    "file_of_variables": _case("storage.env_files", "acme/a.txt", env_files=[{"arn": "arn:aws:s3:::acme/a.txt"}]),
    "mount_without_a_volume": _case(
        "storage.mounts", '["dat"]', '["data"]', volumes={"data": {}}, mounts=[{"path": "/x", "volume": "dat"}]
    ),
    "mount_in_tmp": _case(
        "storage.mounts", "/tmp", volumes={"data": {}}, mounts=[{"path": "/tmp", "volume": "data"}]
    ),
    "file_of_no_container": _case(
        "storage has mounts or env_files", "proxy", env_files=[{"container": "proxy", "arn": "arn:aws:s3:::acme/a.env"}]
    ),
    "volume_like_tmp": _case("storage.volumes", "tmp-x", volumes={"tmp-x": {}}),
    "file_system": _volume("storage.volumes", "files", file_system="files"),
    "directory_of_an_access_point": _volume(
        "storage.volumes", "root_directory", "fsap-0a1b2c3d",
        file_system="fs-0a1b2c3d", access_point="fsap-0a1b2c3d", root_directory="/a",
    ),
}  # fmt: skip
