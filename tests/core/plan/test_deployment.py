"""Prerequisites of a plan and the pre-deployment task, as the plan has them."""

import json
from datetime import timedelta
from typing import Any

import pytest

from reconciler.core.plan.deployment import Incomplete, Needs, first_task, needs
from tests.core.documents import change, document

REGISTRY = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
ROLES = {"execution_role_arn": "arn:aws:iam::123456789012:role/e", "task_role_arn": "arn:aws:iam::123456789012:role/t"}
TIMEOUT = timedelta(minutes=15)


def container(image: str = f"{REGISTRY}/develop/orders:1", **more: Any) -> dict[str, Any]:
    logs = {"options": {"awslogs-group": "/ecs/develop/orders", "awslogs-stream-prefix": "pre-deployment"}}
    return {"name": "orders", "image": image, "logConfiguration": logs, **more}


def definition(name: str, *containers: dict[str, Any], actions: tuple[str, ...] = ("create",), **more: Any) -> Any:
    after = {
        "family": "develop-orders",
        "network_mode": "awsvpc",
        "requires_compatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "container_definitions": json.dumps(containers or [container()]),
        "volume": [{"name": "tmp", "configure_at_launch": None}],
        "tags_all": {"Service": "orders"},
        **ROLES,
        **more,
    }
    return change(f"module.service.aws_ecs_task_definition.{name}", actions, None, after)


def service(*, groups: list[str] | None = None) -> Any:
    network = [{"subnets": ["subnet-b", "subnet-a"], "security_groups": groups}]
    after = {"cluster": "arn:aws:ecs:eu-central-1:123456789012:cluster/develop", "network_configuration": network}
    return change("module.service.aws_ecs_service.this", ("update",), after, after)


def reading(names: list[str]) -> dict[str, Any]:
    """Return the variables of a plan whose code reads these secrets itself."""
    return {"variables": {"runtime_secrets": {"value": names}}}


BEFORE = definition("pre_deployment", container(command=["migrate"]))
BEFORE["address"] += '["this"]'


def test_new_task_definitions_need_their_images_secrets_and_roles() -> None:
    own = container(
        secrets=[{"name": "URL", "valueFrom": f"{ARN}orders/url"}, {"name": "P", "valueFrom": "arn:aws:ssm:x"}]
    )
    proxy = container("public.example/proxy:1", secrets=[{"name": "KEY", "valueFrom": f"{ARN}proxy/key:user::"}])
    found = needs(document(definition("this", own, proxy)) | reading(["orders/signing"]))
    assert found == Needs(
        images=(f"{REGISTRY}/develop/orders:1",),
        secrets=("orders/signing", "orders/url", "proxy/key"),
        roles=tuple(ROLES.values()),
    )


def test_a_plan_without_a_new_task_definition_needs_nothing() -> None:
    assert needs(document(definition("this", actions=("no-op",)), service()) | reading(["a/b"])) == Needs()


def redeployed(**after: Any) -> Any:
    return change(
        "aws_ecs_service.this", ("update",), {"cluster": "develop", "tags": {}}, {"cluster": "develop", **after}
    )


def test_a_deployment_of_the_same_task_definition_needs_its_images() -> None:
    same = definition("this", actions=("no-op",))
    found = needs(document(same, redeployed(network_configuration=[])) | reading(["a/b"]))
    assert found == Needs((f"{REGISTRY}/develop/orders:1",), ("a/b",), tuple(ROLES.values()))
    assert needs(document(same, redeployed(tags={"Team": "shop"}))) == Needs(), "tags start no task"


def test_resources_that_the_plan_creates_or_waits_for_are_no_prerequisites() -> None:
    first = definition("this", container(f"{REGISTRY}/develop/orders:awaiting-first-image"))
    for role in ROLES:
        del first["change"]["after"][role]
    assert needs(document(first)) == Needs()


def test_the_planned_task_precedes_the_deployment() -> None:
    task = first_task(document(definition("this"), BEFORE, service(groups=["sg-2", "sg-1"])), timeout=TIMEOUT)
    assert task is not None
    assert (task.family, task.container, task.timeout) == ("develop-orders", "orders", TIMEOUT)
    assert task.cluster.endswith("cluster/develop")
    assert (task.subnets, task.security_groups) == (("subnet-a", "subnet-b"), ("sg-1", "sg-2"))
    assert task.definition["containerDefinitions"][0]["command"] == ["migrate"]
    assert task.definition["executionRoleArn"] == ROLES["execution_role_arn"]
    assert task.definition["volumes"] == [{"name": "tmp"}]
    assert task.definition["tags"] == [{"key": "Service", "value": "orders"}]


def test_other_content_makes_another_token() -> None:
    def token(image: str) -> str:
        before = definition("pre_deployment", container(image))
        task = first_task(document(definition("this"), before, service(groups=["sg-1"])), timeout=TIMEOUT)
        assert task is not None
        return task.token

    assert token("a/b:1") == token("a/b:1") != token("a/b:2")


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param((definition("this"), service(groups=["sg-1"])), id="nothing is to go first"),
        pytest.param((definition("this", actions=("no-op",)), BEFORE, service(groups=["sg-1"])), id="no deployment"),
        pytest.param(
            (definition("this"), definition("pre_deployment", container("a/b:awaiting-first-image")), service()),
            id="no image yet",
        ),
    ],
)
def test_no_task_precedes_the_deployment_when(changes: tuple[Any, ...]) -> None:
    assert first_task(document(*changes), timeout=TIMEOUT) is None


def test_a_task_cannot_run_before_its_network_exists() -> None:
    with pytest.raises(Incomplete):
        first_task(document(definition("this"), BEFORE, service()), timeout=TIMEOUT)


def test_a_printed_task_shows_no_environment_variable() -> None:
    before = definition("pre_deployment", container(environment=[{"name": "A", "value": "hidden"}]))
    task = first_task(document(definition("this"), before, service(groups=["sg-1"])), timeout=TIMEOUT)
    assert "hidden" not in repr(task)


ARM = {"runtime_platform": [{"operating_system_family": "WINDOWS", "cpu_architecture": "ARM64"}]}


@pytest.mark.parametrize(
    ("platform", "system", "architecture"),
    [({}, "LINUX", "X86_64"), ({"runtime_platform": []}, "LINUX", "X86_64"), (ARM, "WINDOWS", "ARM64")],
)
def test_the_task_is_registered_with_all_that_the_plan_says(
    platform: dict[str, Any], system: str, architecture: str
) -> None:
    before = definition("pre_deployment", container(command=["migrate"]), **platform)
    task = first_task(document(definition("this"), before, service(groups=["sg-1"])), timeout=TIMEOUT)
    assert task is not None
    assert task.definition == {
        "family": "develop-orders",
        "networkMode": "awsvpc",
        "requiresCompatibilities": ["FARGATE"],
        "cpu": "256",
        "memory": "512",
        "executionRoleArn": ROLES["execution_role_arn"],
        "taskRoleArn": ROLES["task_role_arn"],
        "containerDefinitions": [container(command=["migrate"])],
        "volumes": [{"name": "tmp"}],
        "runtimePlatform": {"operatingSystemFamily": system, "cpuArchitecture": architecture},
        "tags": [{"key": "Service", "value": "orders"}],
    }
    assert task.logs == {"awslogs-group": "/ecs/develop/orders", "awslogs-stream-prefix": "pre-deployment"}
    assert len(task.token) == 32


def test_the_task_has_the_disk_of_the_service() -> None:
    before = definition("pre_deployment", container(), ephemeral_storage=[{"size_in_gib": 50}])
    task = first_task(document(definition("this"), before, service(groups=["sg-1"])), timeout=TIMEOUT)
    assert task is not None
    assert task.definition["ephemeralStorage"] == {"sizeInGiB": 50}


def test_the_login_at_a_registry_has_to_exist() -> None:
    login = container(repositoryCredentials={"credentialsParameter": "orders/ghcr"})
    assert needs(document(definition("this", login))).secrets.count("orders/ghcr") == 1


def test_the_token_does_not_depend_on_the_order_of_keys() -> None:
    def token(one: dict[str, Any]) -> str:
        before = definition("pre_deployment", one)
        task = first_task(document(definition("this"), before, service(groups=["sg-1"])), timeout=TIMEOUT)
        assert task is not None
        return task.token

    assert token(container()) == token(dict(reversed(container().items())))


def test_a_task_needs_cluster_and_both_roles() -> None:
    def plan(**roles: Any) -> dict[str, Any]:
        before = definition("pre_deployment", container(), **roles)
        return document(definition("this"), before, service(groups=["sg-1"]))

    for missing in ROLES:
        with pytest.raises(Incomplete):
            first_task(plan(**{missing: None}), timeout=TIMEOUT)
    with pytest.raises(Incomplete):
        first_task(document(definition("this"), BEFORE), timeout=TIMEOUT)


def test_the_name_of_a_secret_ends_before_its_key_and_may_hold_any_word() -> None:
    secrets = [{"name": "A", "valueFrom": f"{ARN}a:secret:key::"}, {"name": "B", "valueFrom": f"{ARN}b/c"}]
    assert needs(document(definition("this", container(secrets=secrets)))).secrets == ("a", "b/c")


def test_a_secret_with_its_whole_arn_may_be_another_accounts_and_is_asked_for_by_it() -> None:
    whole = "arn:aws:secretsmanager:eu-west-1:999900001111:secret:partner/key-AbCdEf"
    secrets = [{"name": "A", "valueFrom": f"{whole}:user::"}, {"name": "B", "valueFrom": whole}]
    assert needs(document(definition("this", container(secrets=secrets)))).secrets == (whole,)


def with_efs(**authorization: object) -> list[dict[str, Any]]:
    """Return the planned volumes of a task that mounts a file system."""
    efs = {
        "file_system_id": "fs-1",
        "root_directory": "/",
        "transit_encryption": "ENABLED",
        "authorization_config": [authorization],
    }
    return [{"name": "tmp", "efs_volume_configuration": []}, {"name": "files", "efs_volume_configuration": [efs]}]


def test_a_first_task_mounts_the_file_systems_of_its_service() -> None:
    before = definition("pre_deployment", volume=with_efs(access_point_id="fsap-1", iam="ENABLED"))
    task = first_task(document(definition("this"), before, service(groups=["sg-1"])), timeout=TIMEOUT)
    assert task is not None
    assert task.definition["volumes"] == [
        {"name": "tmp"},
        {
            "name": "files",
            "efsVolumeConfiguration": {
                "fileSystemId": "fs-1",
                "rootDirectory": "/",
                "transitEncryption": "ENABLED",
                "authorizationConfig": {"accessPointId": "fsap-1", "iam": "ENABLED"},
            },
        },
    ]


def test_a_first_task_waits_for_the_access_point_that_its_own_plan_makes() -> None:
    before = definition("pre_deployment", volume=with_efs(iam="ENABLED"))
    with pytest.raises(Incomplete):
        first_task(document(definition("this"), before, service(groups=["sg-1"])), timeout=TIMEOUT)
