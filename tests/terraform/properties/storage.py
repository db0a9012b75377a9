"""Storage of services, generated: empty volumes, file systems with and without an access point, mounts, env files."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from tests.terraform.inputs import Variables

ids = st.text(st.sampled_from("0123456789abcdef"), min_size=17, max_size=17)
efs = st.fixed_dictionaries(
    {"file_system": ids.map("fs-{}".format)},
    optional={
        "access_point": ids.map("fsap-{}".format),
        "iam": st.booleans(),
        "security_group": ids.map("sg-{}".format),
    },
) | st.fixed_dictionaries({"file_system": ids.map("fs-{}".format), "root_directory": st.just("/shared/files")})
volumes = st.dictionaries(
    st.sampled_from(["data", "files", "cache-1"]), st.just({}) | st.fixed_dictionaries({"efs": efs}), max_size=3
)


@st.composite
def storages(draw: st.DrawFn, environment: Variables, sidecars: list[Variables]) -> Variables:
    """Draw the storage of a service with these sidecars."""
    found = draw(volumes)
    containers = [None, *(sidecar["name"] for sidecar in sidecars)]
    mounts: list[Variables] = []
    for container in containers if found else ():
        for path in draw(st.lists(st.sampled_from(["/data", "/srv/files"]), max_size=2, unique=True)):
            volume, read_only = draw(st.sampled_from(sorted(found))), draw(st.booleans())
            mounts.append({"container": container, "path": path, "volume": volume, "read_only": read_only})
    names = st.sampled_from(["acme-config/a.env", "acme-config/b.env", "other/c.env"])
    files = [
        {"container": container, "arn": f"arn:{environment['partition']}:s3:::{name}"}
        for container in containers
        for name in draw(st.lists(names, max_size=2, unique=True))
    ]
    return {"volumes": found, "mounts": mounts, "env_files": files}


def file_systems(variables: Variables) -> dict[str, dict[str, Any]]:
    """Return the volumes of EFS by name."""
    return {name: volume["efs"] for name, volume in variables["storage"]["volumes"].items() if volume.get("efs")}


def with_iam(variables: Variables) -> dict[str, dict[str, Any]]:
    """Return the volumes that ask for the task's role."""
    return {name: found for name, found in file_systems(variables).items() if found.get("iam", True)}


def opened_here(variables: Variables) -> dict[str, dict[str, Any]]:
    """Return the volumes for which the service has an access point of its own."""
    return {name: found for name, found in file_systems(variables).items() if not found.get("access_point")}
