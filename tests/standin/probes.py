"""Probes: one check of AWS's behaviour for each patch, through boto3 only.

A probe returns True if the behaviour that the patch adds exists. It runs on the stand-in, where it must return True,
and on plain moto, where it must not, or the patch is no longer needed.
"""

from __future__ import annotations

import json
from typing import Any

from botocore.exceptions import ClientError

from tests.standin import probes_ecs
from tests.standin.probes_ecs import Clients, Probe, running_service, unique_name


def counts_tasks_as_targets(client: Clients) -> bool:
    group = client("elbv2").create_target_group(
        Name=unique_name(), Protocol="HTTP", Port=80, TargetType="ip", VpcId=_vpc(client)
    )
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    running_service(client, loadBalancers=[{"targetGroupArn": arn, "containerName": "app", "containerPort": 8080}])
    targets = client("elbv2").describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return [target["Target"]["Port"] for target in targets] == [8080, 8080]


def stores_icmp_type_and_code_of_a_network_acl(client: Clients) -> bool:
    ec2 = client("ec2")
    acl = ec2.create_network_acl(VpcId=_vpc(client))["NetworkAcl"]["NetworkAclId"]
    rule = {"RuleNumber": 300, "Protocol": "1", "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    icmp = {"Code": 4, "Type": 3}
    ec2.create_network_acl_entry(NetworkAclId=acl, IcmpTypeCode=icmp, **rule)
    entries = ec2.describe_network_acls(NetworkAclIds=[acl])["NetworkAcls"][0]["Entries"]
    return any(entry.get("IcmpTypeCode") == icmp for entry in entries)


def stores_the_rotation_period_of_a_key(client: Clients) -> bool:
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["KeyId"]
    kms.enable_key_rotation(KeyId=key, RotationPeriodInDays=180)
    return bool(kms.get_key_rotation_status(KeyId=key).get("RotationPeriodInDays") == 180)


def keeps_newer_noncurrent_versions(client: Clients) -> bool:
    expiration = {"NoncurrentDays": 90, "NewerNoncurrentVersions": 20}
    rule = {"ID": "old", "Status": "Enabled", "Filter": {"Prefix": ""}, "NoncurrentVersionExpiration": expiration}
    s3, bucket = client("s3"), _bucket(client)
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration={"Rules": [rule]})
    return bool(s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == [rule])


def ignores_a_deny_whose_condition_is_not_met(client: Clients) -> bool:
    s3, bucket = client("s3"), _bucket(client)
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    s3.put_object(Bucket=bucket, Key="state", Body=b"{}")
    return bool(s3.get_object(Bucket=bucket, Key="state")["Body"].read() == b"{}")


def logs_access_to_a_bucket_that_denies_requests_without_tls(client: Clients) -> bool:
    s3, bucket, logs = client("s3"), _bucket(client), _bucket(client)
    write = {"Effect": "Allow", "Principal": {"Service": "logging.s3.amazonaws.com"}, "Action": "s3:PutObject"}
    tls = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    statements = [tls | {"Resource": f"arn:aws:s3:::{logs}/*"}, write | {"Resource": f"arn:aws:s3:::{logs}/s3/*"}]
    s3.put_bucket_policy(Bucket=logs, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    target = {"TargetBucket": logs, "TargetPrefix": "s3/"}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus={"LoggingEnabled": target})
    return bool(s3.get_bucket_logging(Bucket=bucket)["LoggingEnabled"]["TargetBucket"] == logs)


def returns_event_bridge_notifications(client: Clients) -> bool:
    s3, bucket = client("s3"), _bucket(client)
    configuration: dict[str, Any] = {"EventBridgeConfiguration": {}}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)
    return "EventBridgeConfiguration" in s3.get_bucket_notification_configuration(Bucket=bucket)


def accepts_a_recorder_without_exclusions(client: Clients) -> bool:
    group = {"allSupported": True, "includeGlobalResourceTypes": True, "exclusionByResourceTypes": {}}
    recorder = {"name": "default", "roleARN": "arn:aws:iam::123456789012:role/config", "recordingGroup": group}
    client("config").put_configuration_recorder(ConfigurationRecorder=recorder)
    (found,) = client("config").describe_configuration_recorders()["ConfigurationRecorders"]
    return bool(found["recordingGroup"]["allSupported"])


def creates_a_project_for_a_pipeline(client: Clients) -> bool:
    project = _project(client)
    return bool(project["encryptionKey"].endswith(":key/of-the-project") and "location" not in project["source"])


def updates_a_project(client: Clients) -> bool:
    builds, name = client("codebuild"), _project(client, {"type": "S3", "location": "place"})["name"]
    builds.update_project(name=name, description="other")
    return bool(builds.batch_get_projects(names=[name])["projects"][0]["description"] == "other")


def returns_timestamps_of_a_pipeline_as_numbers(client: Clients) -> bool:
    pipelines, name = client("codepipeline"), _pipeline(client)
    answers: list[bytes] = []
    pipelines.meta.events.register(
        "after-call.codepipeline.GetPipeline", lambda http_response, **_: answers.append(http_response.content)
    )
    pipelines.get_pipeline(name=name)
    return isinstance(json.loads(answers[0])["metadata"]["created"], float)


def configures_rotation_of_a_secret_without_a_value(client: Clients) -> bool:
    secrets, name = client("secretsmanager"), unique_name()
    secrets.create_secret(Name=name)
    rotator = "arn:aws:lambda:eu-central-1:123456789012:function:rotate"
    rules = {"AutomaticallyAfterDays": 30}
    secrets.rotate_secret(SecretId=name, RotationLambdaARN=rotator, RotationRules=rules, RotateImmediately=False)
    found = secrets.describe_secret(SecretId=name)
    return bool(found["RotationEnabled"] and found["RotationLambdaARN"] == rotator and found["RotationRules"] == rules)


def shows_the_key_of_an_object(client: Clients) -> bool:
    s3, bucket, key = client("s3"), _bucket(client), client("kms").create_key()["KeyMetadata"]
    alias = f"alias/{unique_name()}"
    client("kms").create_alias(AliasName=alias, TargetKeyId=key["KeyId"])
    for name, given in (("own", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": alias}), ("none", {})):
        s3.put_object(Bucket=bucket, Key=name, Body=b"{}", **given)
    shown = [s3.head_object(Bucket=bucket, Key=name).get("SSEKMSKeyId") for name in ("own", "none")]
    try:
        s3.put_object(Bucket=bucket, Key="k", ServerSideEncryption="aws:kms", SSEKMSKeyId=f"{alias}-other")
    except ClientError as error:
        return shown == [key["Arn"], None] and error.response["Error"]["Code"] == "KMS.NotFoundException"
    return False


def deletes_a_project_by_its_arn(client: Clients) -> bool:
    builds, project = client("codebuild"), _project(client, {"type": "S3", "location": "place"})
    builds.delete_project(name=project["arn"])
    return project["name"] not in builds.list_projects()["projects"]


def deletes_a_trail_by_its_arn(client: Clients) -> bool:
    trails, name = client("cloudtrail"), unique_name()
    arn = trails.create_trail(Name=name, S3BucketName=_bucket(client))["TrailARN"]
    trails.delete_trail(Name=arn)
    return all(trail["Name"] != name for trail in trails.list_trails()["Trails"])


def checks_a_definition_of_a_state_machine(client: Clients) -> bool:
    wait, done = {"Type": "Wait", "Seconds": 1, "Next": "Done"}, {"Type": "Succeed"}
    checked = [
        client("stepfunctions").validate_state_machine_definition(definition=json.dumps(one))["result"]
        for one in ({"StartAt": "Wait", "States": states} for states in ({"Wait": wait}, {"Wait": wait, "Done": done}))
    ]
    return checked == ["FAIL", "OK"]


def lists_no_versions_of_a_state_machine(client: Clients) -> bool:
    states, done = client("stepfunctions"), {"StartAt": "Done", "States": {"Done": {"Type": "Succeed"}}}
    role = "arn:aws:iam::123456789012:role/runs"
    made = states.create_state_machine(name=unique_name(), definition=json.dumps(done), roleArn=role)
    return bool(
        states.list_state_machine_versions(stateMachineArn=made["stateMachineArn"])["stateMachineVersions"] == []
    )


PROBES: dict[tuple[str, str], Probe] = {
    ("cloudtrail", "DeleteTrail"): deletes_a_trail_by_its_arn,
    ("codebuild", "CreateProject"): creates_a_project_for_a_pipeline,
    ("codebuild", "UpdateProject"): updates_a_project,
    ("codebuild", "DeleteProject"): deletes_a_project_by_its_arn,
    ("codepipeline", "GetPipeline"): returns_timestamps_of_a_pipeline_as_numbers,
    ("ecs", "CreateService"): probes_ecs.creates_service_with_its_strategy,
    ("ecs", "UpdateService"): probes_ecs.updates_service_by_a_new_deployment,
    ("ecs", "DescribeServices"): probes_ecs.describes_services_whose_deployments_complete,
    ("ecs", "DeleteService"): probes_ecs.deletes_service_with_its_deployments,
    ("ecs", "DescribeClusters"): probes_ecs.describes_clusters_with_their_services,
    ("ecs", "RunTask"): probes_ecs.runs_tasks_whose_containers_share_memory,
    ("ecs", "DescribeTasks"): probes_ecs.describes_tasks_that_end,
    ("application-autoscaling", "RegisterScalableTarget"): probes_ecs.registers_scalable_target_and_lifts_the_service,
    ("application-autoscaling", "ListTagsForResource"): probes_ecs.lists_tags_of_a_scalable_target,
    ("application-autoscaling", "TagResource"): probes_ecs.tags_a_scalable_target,
    ("application-autoscaling", "UntagResource"): probes_ecs.untags_a_scalable_target,
    ("ec2", "CreateNetworkAclEntry"): stores_icmp_type_and_code_of_a_network_acl,
    ("elbv2", "DescribeTargetHealth"): counts_tasks_as_targets,
    ("config", "PutConfigurationRecorder"): accepts_a_recorder_without_exclusions,
    ("s3", "PutObject"): shows_the_key_of_an_object,
    ("s3", "PutBucketPolicy"): ignores_a_deny_whose_condition_is_not_met,
    ("s3", "PutBucketLogging"): logs_access_to_a_bucket_that_denies_requests_without_tls,
    ("s3", "PutBucketLifecycleConfiguration"): keeps_newer_noncurrent_versions,
    ("s3", "GetBucketLifecycleConfiguration"): keeps_newer_noncurrent_versions,
    ("s3", "GetBucketNotificationConfiguration"): returns_event_bridge_notifications,
    ("states", "ValidateStateMachineDefinition"): checks_a_definition_of_a_state_machine,
    ("states", "ListStateMachineVersions"): lists_no_versions_of_a_state_machine,
    ("secretsmanager", "RotateSecret"): configures_rotation_of_a_secret_without_a_value,
    ("kms", "EnableKeyRotation"): stores_the_rotation_period_of_a_key,
    ("kms", "GetKeyRotationStatus"): stores_the_rotation_period_of_a_key,
}


def _vpc(client: Clients) -> str:
    return str(client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"])


def _bucket(client: Clients) -> str:
    bucket = unique_name()
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    return bucket


def _project(client: Clients, place: dict[str, str] | None = None) -> dict[str, Any]:
    environment = {
        "type": "LINUX_CONTAINER",
        "image": "aws/codebuild/standard:7.0",
        "computeType": "BUILD_GENERAL1_SMALL",
    }
    created: dict[str, Any] = client("codebuild").create_project(
        name=unique_name(),
        source=place or {"type": "CODEPIPELINE"},
        artifacts=place or {"type": "CODEPIPELINE"},
        environment=environment,
        serviceRole="arn:aws:iam::123456789012:role/build",
        encryptionKey="arn:aws:kms:eu-central-1:123456789012:key/of-the-project",
    )["project"]
    return created


def _pipeline(client: Clients) -> str:
    name = unique_name()
    statement = {"Effect": "Allow", "Principal": {"Service": "codepipeline.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = client("iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    action = {
        "name": "it",
        "actionTypeId": {"category": "Build", "owner": "AWS", "provider": "CodeBuild", "version": "1"},
    }
    stages = [{"name": stage, "actions": [action]} for stage in ("Source", "Build")]
    store = {"type": "S3", "location": "artifacts"}
    pipeline = {"name": name, "roleArn": role, "artifactStore": store, "stages": stages}
    client("codepipeline").create_pipeline(pipeline=pipeline)
    return name
