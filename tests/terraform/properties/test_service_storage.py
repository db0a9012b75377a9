"""Storage of services: volumes are what was asked for, and the roles reach these files and no others."""

from __future__ import annotations

from typing import Any

from tests.terraform.inputs import Variables
from tests.terraform.properties.laboratory import Instance, Laboratory
from tests.terraform.properties.proof import EDITS, Edit, breaks, holds
from tests.terraform.properties.services import MODULE, SERVICE, containers, definition, full_name
from tests.terraform.properties.storage import file_systems, opened_here, with_iam

TASK, STORAGE, IAM = f"{MODULE}task.tf", f"{MODULE}storage.tf", f"{MODULE}iam.tf"


def has_mounts(variables: Variables) -> bool:
    return bool(variables["storage"]["mounts"])


def has_files(variables: Variables) -> bool:
    return bool(variables["storage"]["env_files"])


def has_groups(variables: Variables) -> bool:
    return any(efs.get("security_group") for efs in file_systems(variables).values())


def has_read_only_role(variables: Variables) -> bool:
    """Return whether a known access point is mounted for reading only, with the task's role."""
    written = {mount["volume"] for mount in variables["storage"]["mounts"] if not mount["read_only"]}
    named = {name for name, efs in with_iam(variables).items() if efs.get("access_point")}
    return bool(named - written) and not opened_here(variables)


def has_known_role(variables: Variables) -> bool:
    return bool(with_iam(variables)) and not opened_here(variables)


BROKEN = [
    Edit(TASK, 'transit_encryption = "ENABLED"', 'transit_encryption = "DISABLED"', says="not encrypted",
         where=lambda v: bool(file_systems(v))),
    Edit(TASK, 'iam             = efs_volume_configuration.value.iam ?', "iam = !efs_volume_configuration.value.iam ?",
         says="the role", where=lambda v: bool(file_systems(v))),
    Edit(STORAGE, "readOnly = mount.read_only", "readOnly = false", says="mounts",
         where=lambda v: any(mount["read_only"] for mount in v["storage"]["mounts"])),
    Edit(STORAGE, "if coalesce(mount.container, local.name) == container", "if true", says="mounts",
         where=lambda v: has_mounts(v) and bool(v["sidecars"])),
    Edit(STORAGE, "    Resource = arns\n    }", '    Resource = ["arn:aws:s3:::*"]\n    }', says="other files",
         where=has_files),
    Edit(STORAGE, "contains(local.written_volumes, name) ?", "true ?", says="may write", where=has_read_only_role),
    Edit(STORAGE, 'access-point/${local.access_points[name]}"', 'access-point/*"', says="access point",
         where=has_known_role),
    Edit(STORAGE, "  posix_user {\n    uid = 1000\n    gid = 1000\n  }\n", "", says="any user",
         where=lambda v: bool(opened_here(v))),
    Edit(STORAGE, "from_port       = 2049", "from_port       = 0", says="mount targets", where=has_groups),
]  # fmt: skip


def a_service_reaches_its_files_and_no_others(instance: Instance) -> None:
    check_volumes(instance)
    check_mounts(instance)
    check_roles(instance)
    asked = file_systems(instance.variables)
    (group,) = instance.plan.of("aws_security_group")
    rules = [rule for rule in group.values["egress"] if rule["description"] == "Mount targets of EFS"]
    groups = {efs["security_group"] for efs in asked.values() if efs.get("security_group")}
    assert {one for rule in rules for one in rule["security_groups"]} == groups, "other mount targets"
    assert {(rule["from_port"], rule["to_port"]) for rule in rules} <= {(2049, 2049)}, "more than mount targets"
    points = {str(point.key): point.values for point in instance.plan.of("aws_efs_access_point")}
    assert set(points) == set(opened_here(instance.variables)), "another access point"
    for name, point in points.items():
        assert point["posix_user"], "files belong to any user"
        (root,) = point["root_directory"]
        assert root["path"] == asked[name].get("root_directory", f"/{full_name(instance)}/{name}"), "another directory"


def check_volumes(instance: Instance) -> None:
    """Assert that a task has the volumes that were asked for, each encrypted on its way."""
    asked = file_systems(instance.variables)
    found = {v["name"]: v["efs_volume_configuration"] for v in definition(instance).values["volume"]}
    assert {name for name in found if not name.startswith("tmp")} == set(instance.variables["storage"]["volumes"])
    for name, configurations in found.items():
        assert len(configurations) == (name in asked), "another kind of volume"
        for one in configurations:
            assert one["file_system_id"] == asked[name]["file_system"], "another file system"
            assert one["transit_encryption"] == "ENABLED", "not encrypted on its way"
            (authorization,) = one["authorization_config"]
            assert authorization["iam"] == ("ENABLED" if asked[name].get("iam", True) else "DISABLED"), "the role"


def check_mounts(instance: Instance) -> None:
    """Assert that each container sees its own mounts, and starts with its own files of variables."""
    given, own = instance.variables["storage"], instance.variables["service"]["name"]
    for container in containers(instance):
        mounts = {
            (mount["path"], mount["volume"], mount["read_only"])
            for mount in given["mounts"]
            if (mount["container"] or own) == container["name"]
        }
        seen = {(m["containerPath"], m["sourceVolume"], m["readOnly"]) for m in container["mountPoints"]}
        assert {one for one in seen if one[0] != "/var/tmp"} == mounts, "other mounts"
        files = [file["arn"] for file in given["env_files"] if (file["container"] or own) == container["name"]]
        assert [file["value"] for file in container.get("environmentFiles", [])] == files, "other files of variables"


def check_roles(instance: Instance) -> None:
    """Assert that ECS reads the named files, and that the code mounts and writes what its containers do."""
    (execution,) = [one for one in instance.plan.of("aws_iam_role_policy") if one.name == "execution"]
    statements: list[dict[str, Any]] = execution.document("policy")["Statement"]
    read = {arn for s in statements if "s3:GetObject" in s["Action"] for arn in s["Resource"]}
    assert read == {file["arn"] for file in instance.variables["storage"]["env_files"]}, "it may read other files"
    wanted = with_iam(instance.variables)
    policies = [one for one in instance.plan.of("aws_iam_role_policy") if one.values["name"] == "use-volumes"]
    assert bool(policies) == bool(wanted), "the code may mount without need"
    if not policies or opened_here(instance.variables):
        return  # the id of an access point that the plan makes is not known yet
    written = {mount["volume"] for mount in instance.variables["storage"]["mounts"] if not mount["read_only"]}
    expected = {
        (efs["file_system"], efs["access_point"], "elasticfilesystem:ClientWrite" in write)
        for name, efs in wanted.items()
        for write in [["elasticfilesystem:ClientWrite"] if name in written else []]
    }
    found: set[tuple[str, str, bool]] = set()
    for statement in policies[0].document("policy")["Statement"]:
        assert set(statement["Action"]) <= {"elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"}
        point = statement["Condition"]["StringEquals"]["elasticfilesystem:AccessPointArn"].rpartition("/")[2]
        assert point.startswith("fsap-"), "any access point"
        system = statement["Resource"].rpartition("/")[2]
        found.add((system, point, "elasticfilesystem:ClientWrite" in statement["Action"]))
    assert found == expected, "the code may write what no container writes, or mounts something else"


def test_a_service_reaches_its_files_and_no_others(laboratory: Laboratory) -> None:
    batch = laboratory.batch(SERVICE)
    holds(a_service_reaches_its_files_and_no_others, batch, laboratory.seed)
    breaks(a_service_reaches_its_files_and_no_others, SERVICE, BROKEN[:EDITS], batch, laboratory)
