"""Cases of the guards: for each guard, calls that lead to its refusal, through boto3 only.

A case ends with the call that AWS refuses, so that it raises on the stand-in, and returns without an error on plain
moto or raises another one, or the guard is no longer needed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.standin.guard_account import (
    FIXED,
    make_cluster,
    make_endpoint,
    make_group,
    make_groups,
    make_listener,
    make_network,
    make_permission,
    make_registry,
    make_role,
    make_service,
    make_subnet,
    make_two_subnets,
    make_vpc,
)
from tests.standin.probes_ecs import Clients, unique_name

QUOTAS = {"elastic_ips": 1, "vpcs": 4, "rules_per_load_balancer": 1, "targets_per_load_balancer": 1}
Case = Callable[[Clients], Any]


def cloud_map_service_with_tasks(client: Clients) -> None:
    registry = make_registry(client)
    make_service(client, [], make_vpc(client), serviceRegistries=[{"registryArn": registry["Arn"]}])
    client("servicediscovery").delete_service(Id=registry["Id"])


def cloud_map_namespace_with_services(client: Clients) -> None:
    service = client("servicediscovery").get_service(Id=make_registry(client)["Id"])["Service"]
    client("servicediscovery").delete_namespace(Id=service["NamespaceId"])


def security_group_of_tasks(client: Clients) -> None:
    vpc = make_vpc(client)
    group = make_group(client, vpc)
    make_service(client, [group], vpc)
    client("ec2").delete_security_group(GroupId=group)


def secret_in_its_recovery_window(client: Clients) -> None:
    name = unique_name()
    client("secretsmanager").create_secret(Name=name)
    client("secretsmanager").delete_secret(SecretId=name, RecoveryWindowInDays=7)
    client("secretsmanager").create_secret(Name=name)


def service_with_a_group_of_another_network(client: Clients) -> None:
    make_service(client, [make_group(client, make_vpc(client))], make_vpc(client))


def update_with_a_group_of_another_network(client: Clients) -> None:
    vpc = make_vpc(client)
    name = make_service(client, [], vpc)
    network = make_network([make_group(client, make_vpc(client))], [make_subnet(client, vpc, 1)])
    client("ecs").update_service(cluster=name, service=name, networkConfiguration=network)


def task_with_a_group_of_another_network(client: Clients) -> None:
    name = make_cluster(client)
    network = make_network([make_group(client, make_vpc(client))], [make_subnet(client, make_vpc(client))])
    client("ecs").run_task(cluster=name, taskDefinition=name, launchType="FARGATE", networkConfiguration=network)


def load_balancer_with_a_group_of_another_network(client: Clients) -> None:
    subnets = make_two_subnets(client, make_vpc(client))
    client("elbv2").create_load_balancer(
        Name=unique_name(), Subnets=subnets, SecurityGroups=[make_group(client, make_vpc(client))]
    )


def endpoint_with_a_group_of_another_network(client: Clients) -> None:
    vpc = make_vpc(client)
    make_endpoint(client, vpc, [make_group(client, make_vpc(client))])


def ingress_from_a_group_of_another_network(client: Clients) -> None:
    group, pair = make_group(client, make_vpc(client)), {"GroupId": make_group(client, make_vpc(client))}
    client("ec2").authorize_security_group_ingress(GroupId=group, IpPermissions=[make_permission(pair)])


def egress_to_a_group_of_another_network(client: Clients) -> None:
    group, pair = make_group(client, make_vpc(client)), {"GroupId": make_group(client, make_vpc(client))}
    client("ec2").authorize_security_group_egress(GroupId=group, IpPermissions=[make_permission(pair)])


def project_of_a_new_role(client: Clients) -> None:
    client("codebuild").create_project(
        name=unique_name(),
        source={"type": "S3", "location": "place"},
        artifacts={"type": "S3", "location": "place"},
        environment={"type": "LINUX_CONTAINER", "image": "image", "computeType": "BUILD_GENERAL1_SMALL"},
        serviceRole=make_role(client),
    )


def pipeline_of_a_new_role(client: Clients) -> None:
    kind = {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"}
    stages = [{"name": stage, "actions": [{"name": "it", "actionTypeId": kind}]} for stage in ("Source", "Build")]
    store = {"type": "S3", "location": "artifacts"}
    pipeline = {"name": unique_name(), "roleArn": make_role(client), "artifactStore": store, "stages": stages}
    client("codepipeline").create_pipeline(pipeline=pipeline)


def flow_log_of_a_new_role(client: Clients) -> None:
    client("logs").create_log_group(logGroupName="flows")
    client("ec2").create_flow_logs(
        ResourceIds=[make_vpc(client)],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="flows",
        DeliverLogsPermissionArn=make_role(client),
    )


def elastic_ips_beyond_the_quota(client: Clients) -> None:
    for _ in range(QUOTAS["elastic_ips"] + 1):
        client("ec2").allocate_address(Domain="vpc")


def vpcs_beyond_the_quota(client: Clients) -> None:
    for _ in range(QUOTAS["vpcs"]):  # the default VPC is one
        make_vpc(client)


def rules_beyond_the_quota(client: Clients) -> None:
    elb, listener = client("elbv2"), make_listener(client)
    for number in range(QUOTAS["rules_per_load_balancer"] + 1):
        elb.create_rule(
            ListenerArn=listener,
            Priority=number + 1,
            Conditions=[{"Field": "path-pattern", "Values": [f"/{number}"]}],
            Actions=[FIXED],
        )


def targets_beyond_the_quota(client: Clients) -> None:
    elb = client("elbv2")
    made = elb.create_target_group(
        Name=unique_name(), Protocol="HTTP", Port=80, TargetType="ip", VpcId=make_vpc(client)
    )
    group = made["TargetGroups"][0]["TargetGroupArn"]
    targets = [{"Id": f"10.0.0.{number}"} for number in range(10, 11 + QUOTAS["targets_per_load_balancer"])]
    elb.register_targets(TargetGroupArn=group, Targets=targets)


def service_with_too_many_groups(client: Clients) -> None:
    vpc = make_vpc(client)
    make_service(client, make_groups(client, vpc), vpc)


def update_with_too_many_groups(client: Clients) -> None:
    vpc = make_vpc(client)
    name = make_service(client, [], vpc)
    network = make_network(make_groups(client, vpc), [make_subnet(client, vpc, 1)])
    client("ecs").update_service(cluster=name, service=name, networkConfiguration=network)


def task_with_too_many_groups(client: Clients) -> None:
    vpc, name = make_vpc(client), make_cluster(client)
    network = make_network(make_groups(client, vpc), [make_subnet(client, vpc)])
    client("ecs").run_task(cluster=name, taskDefinition=name, launchType="FARGATE", networkConfiguration=network)


def load_balancer_with_too_many_groups(client: Clients) -> None:
    vpc = make_vpc(client)
    client("elbv2").create_load_balancer(
        Name=unique_name(), Subnets=make_two_subnets(client, vpc), SecurityGroups=make_groups(client, vpc)
    )


def endpoint_with_too_many_groups(client: Clients) -> None:
    vpc = make_vpc(client)
    make_endpoint(client, vpc, make_groups(client, vpc))


def recorder_with_a_role_that_does_not_exist(client: Clients) -> None:
    role = "arn:aws:iam::123456789012:role/aws-service-role/config.amazonaws.com/AWSServiceRoleForConfig"
    client("config").put_configuration_recorder(
        ConfigurationRecorder={"name": "default", "roleARN": role, "recordingGroup": {"allSupported": True}}
    )


CASES: dict[tuple[str, str, str], Case] = {
    ("servicediscovery", "DeleteService", "ResourceInUse"): cloud_map_service_with_tasks,
    ("servicediscovery", "DeleteNamespace", "ResourceInUse"): cloud_map_namespace_with_services,
    ("ec2", "DeleteSecurityGroup", "DependencyViolation"): security_group_of_tasks,
    ("secretsmanager", "CreateSecret", "InvalidRequestException"): secret_in_its_recovery_window,
    ("ec2", "AuthorizeSecurityGroupIngress", "InvalidGroup.NotFound"): ingress_from_a_group_of_another_network,
    ("ec2", "AuthorizeSecurityGroupEgress", "InvalidGroup.NotFound"): egress_to_a_group_of_another_network,
    ("ec2", "CreateVpcEndpoint", "InvalidParameter"): endpoint_with_a_group_of_another_network,
    ("codebuild", "CreateProject", "InvalidInputException"): project_of_a_new_role,
    ("codepipeline", "CreatePipeline", "InvalidStructureException"): pipeline_of_a_new_role,
    ("ec2", "CreateFlowLogs", "InvalidParameter"): flow_log_of_a_new_role,
    ("ec2", "AllocateAddress", "AddressLimitExceeded"): elastic_ips_beyond_the_quota,
    ("ec2", "CreateVpc", "VpcLimitExceeded"): vpcs_beyond_the_quota,
    ("elbv2", "CreateRule", "TooManyRules"): rules_beyond_the_quota,
    ("elbv2", "RegisterTargets", "TooManyTargets"): targets_beyond_the_quota,
    ("ec2", "CreateVpcEndpoint", "SecurityGroupsPerInterfaceLimitExceeded"): endpoint_with_too_many_groups,
    ("config", "PutConfigurationRecorder", "InvalidRoleException"): recorder_with_a_role_that_does_not_exist,
}
# Two refusals with one code: of a group of another network, and of too many groups.
BOTH: dict[tuple[str, str, str], tuple[Case, Case]] = {
    ("ecs", "CreateService", "InvalidParameterException"): (
        service_with_a_group_of_another_network,
        service_with_too_many_groups,
    ),
    ("ecs", "UpdateService", "InvalidParameterException"): (
        update_with_a_group_of_another_network,
        update_with_too_many_groups,
    ),
    ("ecs", "RunTask", "InvalidParameterException"): (
        task_with_a_group_of_another_network,
        task_with_too_many_groups,
    ),
    ("elbv2", "CreateLoadBalancer", "InvalidConfigurationRequest"): (
        load_balancer_with_a_group_of_another_network,
        load_balancer_with_too_many_groups,
    ),
}
