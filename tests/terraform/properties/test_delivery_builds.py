"""The builds of services, proven: what they push, under which tags, how it is kept."""

from __future__ import annotations

import json
import re

from tests.terraform.properties import strategies
from tests.terraform.properties.deliveries import (
    DELIVERED,
    MODULE,
    actions,
    build_variables,
    buildspec,
    built,
    full_name,
    pipeline,
    project,
    statements,
)
from tests.terraform.properties.laboratory import Instance
from tests.terraform.properties.proof import Edit, proof

PIPELINE = f"{MODULE}/pipeline.tf"
BUILD = f"{MODULE}/codebuild.tf"
ROLES = f"{MODULE}/delivery_iam.tf"
SHARED = f"{MODULE}/delivery.tf"
BUILDSPEC = f"{MODULE}/templates/buildspec.yml.tftpl"
REGISTRY = f"{MODULE}/ecr.tf"


@proof(
    13,
    "CodeBuild integration",
    of=DELIVERED,
    broken_by=[
        Edit(BUILD, "privileged_mode             = true", "privileged_mode = false", says="privileged"),
        Edit(BUILD, '"aws/codebuild/standard:7.0"', '"ubuntu:24.04"', says="image"),
        Edit(BUILD, "    AWS_ACCOUNT_ID     = local.account\n", "", says="AWS_ACCOUNT_ID"),
        Edit(BUILD, "ECR_REPOSITORY_URL = local.repository_url", 'ECR_REPOSITORY_URL = "x"', says="ECR_REPOSITORY_URL"),
        Edit(BUILD, 'type = "NO_CACHE"', 'type = "S3"\n    location = local.artifacts.name', says="cache"),
        Edit(BUILDSPEC, r'--cache-from \"$last\" ', "", says="cache", where=lambda v: v["delivery"]["cache"]),
        Edit(BUILDSPEC, "--build-arg BUILDKIT_INLINE_CACHE=1 ", "", says="cache"),
        Edit(BUILD, "group_name = aws_cloudwatch_log_group.build[each.key].name", 'status = "DISABLED"', says="logs"),
        Edit(PIPELINE, "ProjectName = local.full_name", "ProjectName = local.name", says="another project"),
        Edit(ROLES, "Resource = [local.repository_arn]", 'Resource = ["*"]', says="its own repository only"),
    ],
)  # fmt: skip
def test_property_13_codebuild_integration(instance: Instance) -> None:
    """The pipeline's build runs Docker in one project that knows where to push, builds on the last image and logs."""
    values = project(instance).values
    assert (values["source"][0]["type"], values["artifacts"][0]["type"]) == ("CODEPIPELINE", "CODEPIPELINE")
    environment = values["environment"][0]
    assert environment["type"] == "LINUX_CONTAINER"
    assert environment["image"].startswith("aws/codebuild/standard:"), f"the image is {environment['image']}"
    assert environment["privileged_mode"] is True, "not privileged, so there is no Docker"
    given, account = build_variables(instance), instance.variables["environment"]["account_id"]
    assert given.get("AWS_ACCOUNT_ID") == account, "AWS_ACCOUNT_ID"
    repository = f"{instance.environment}/{instance.variables['service']['name']}"
    assert re.fullmatch(rf"{account}\.dkr\.ecr\.[a-z0-9.-]+/{repository}", given["ECR_REPOSITORY_URL"]), (
        f"ECR_REPOSITORY_URL is {given['ECR_REPOSITORY_URL']}"
    )
    assert {"IMAGE_TAG", "ENVIRONMENT"} <= set(given)
    assert values["cache"][0]["type"] == "NO_CACHE", "the cache is in a bucket, whole and with all its versions"
    (build,) = built(instance)[0].of("docker build")
    last = f"--cache-from {given['ECR_REPOSITORY_URL']}:built-last " if instance.variables["delivery"]["cache"] else ""
    assert f"docker build {last}--build-arg BUILDKIT_INLINE_CACHE=1" in build, f"the last image is no cache: {build}"
    logs = values["logs_config"][0]["cloudwatch_logs"][0]
    assert (logs["status"], logs["group_name"]) == ("ENABLED", f"/codebuild/{repository}"), f"the logs are {logs}"
    assert actions(instance)["Build"]["configuration"]["ProjectName"] == values["name"], "another project"
    (pushed,) = statements(instance, "build")["PushImage"]["Resource"]
    assert pushed.endswith(f":repository/{repository}"), "its own repository only"


@proof(
    14,
    "Multi-tag image pushing",
    of=DELIVERED,
    broken_by=[
        Edit(BUILDSPEC, '          push "latest-$IMAGE_TAG"\n', "", says="pushes"),
        Edit(BUILDSPEC, '          trivy image --exit-code 1 --severity HIGH,CRITICAL --ignore-unfixed --no-progress'
             ' "$image"\n', "", says="scan"),
        Edit(BUILDSPEC, "--exit-code 1 --severity HIGH,CRITICAL", "--severity CRITICAL", says="scan"),
        Edit(BUILDSPEC, " --ignore-unfixed", "", says="nobody has fixed"),
        Edit(BUILDSPEC, '"${scanner}"', '"public.example/trivy:1"', says="digest"),
        Edit(BUILDSPEC, 'printf \'[{"name":"%s"', 'printf \'[{"name":"app-%s"', says="container"),
        Edit(BUILDSPEC, "    - imagedefinitions.json", "    - other.json", says="artifact"),
        Edit(BUILDSPEC, "aws ecr get-login-password |", "echo password-of-the-registry |", says="log in"),
        Edit(PIPELINE, 'value = "#{SourceVariables.CommitId}"', 'value = "latest"', says="no commit"),
    ],
)  # fmt: skip
def test_property_14_multi_tag_image_pushing(instance: Instance) -> None:
    """A build logs in, scans and pushes three tags that no other commit shares, and says what to deploy."""
    spec = buildspec(instance)
    assert {"pre_build", "build", "post_build"} <= set(spec["phases"])
    (variable,) = json.loads(actions(instance)["Build"]["configuration"]["EnvironmentVariables"])
    assert variable == {"name": "IMAGE_TAG", "value": "#{SourceVariables.CommitId}", "type": "PLAINTEXT"}, "no commit"
    ended, commit = built(instance)
    assert ended.failed == (), ended.said
    assert ended.of("aws ecr get-login-password"), "it does not log in"
    url = build_variables(instance)["ECR_REPOSITORY_URL"]
    pushed = [call.removeprefix(f"docker push {url}:") for call in ended.of("docker push")]
    assert len(set(pushed)) == 3, f"it pushes {pushed}"
    assert all(tag.endswith(commit) for tag in pushed), f"it pushes {pushed}"
    order = [call.split()[0] for call in ended.of("trivy", "docker push")]
    assert order == ["trivy", "docker", "docker", "docker"], "it does not scan first"
    (scan,) = ended.of("trivy")
    assert "--exit-code 1 --severity HIGH,CRITICAL" in scan, f"its scan is {scan}"
    assert "--ignore-unfixed" in scan, "it stops at what nobody has fixed"
    (install,) = spec["phases"]["install"]["commands"]
    assert re.search(r'docker create "[^"]+@sha256:[0-9a-f]{64}"', install), "the scanner has no digest"
    assert spec["artifacts"]["files"] == ["imagedefinitions.json"], "another artifact"
    (deployed,) = json.loads(ended.artifact or "[{}]")
    task = instance.plan.one("aws_ecs_task_definition", "this").document("container_definitions")
    assert deployed["name"] == task[0]["name"], "another container"


@proof(
    20,
    "ECR access restrictions",
    of=DELIVERED,
    part="builds",
    broken_by=[
        Edit(REGISTRY, "role/${local.build_role}", "root", says="build role"),
        Edit(REGISTRY, "Action    = local.push_actions", 'Action = ["ecr:*"]', says="every action"),
        Edit(REGISTRY, ", aws_iam_role.build]", "]", says="before the role"),
    ],
)
def test_property_20_ecr_access_restrictions_builds(instance: Instance) -> None:
    """Beside the service that pulls, the service's builds and nobody else may push, and nobody may delete."""
    policy = instance.plan.one("aws_ecr_repository_policy")
    found = {statement["Sid"]: statement for statement in policy.document("policy")["Statement"]}
    assert set(found) == {"PullByTheService", "PushByBuilds"}
    environment = instance.variables["environment"]
    role = strategies.arn(environment, "iam", f"role/{full_name(instance)}-build", region=False)
    assert found["PushByBuilds"]["Principal"] == {"AWS": role}, "not the build role alone"
    allowed = found["PushByBuilds"]["Action"]
    assert "ecr:PutImage" in allowed, "builds cannot push with every action"
    assert not any(word in action for action in allowed for word in ("*", "Delete", "Policy")), f"it allows {allowed}"
    (resource,) = (
        r for r in instance.plan.configuration["resources"] if r["address"] == "aws_ecr_repository_policy.this"
    )
    assert "aws_iam_role.build" in resource["depends_on"], "ECR sees the policy before the role"


@proof(
    48,
    "Environment-tagged images",
    of=DELIVERED,
    broken_by=[
        Edit(BUILDSPEC, 'push "$ENVIRONMENT-$IMAGE_TAG"', 'push "built-$IMAGE_TAG"', says="environment's tag"),
        Edit(BUILD, "ENVIRONMENT        = var.environment.name", 'ENVIRONMENT = "here"', says="ENVIRONMENT"),
        Edit(BUILDSPEC, '"${container}" "$image" >', '"${container}" "$ECR_REPOSITORY_URL:latest-$IMAGE_TAG" >',
             says="deploys"),
        Edit(BUILDSPEC, '--value "$image"', '--value "$ECR_REPOSITORY_URL:latest-$IMAGE_TAG"', says="pointer"),
    ],
)  # fmt: skip
def test_property_48_environment_tagged_images(instance: Instance) -> None:
    """One tag names the environment; what is deployed and pointed to is named by its commit."""
    assert build_variables(instance)["ENVIRONMENT"] == instance.environment, "ENVIRONMENT"
    ended, commit = built(instance)
    url = build_variables(instance)["ECR_REPOSITORY_URL"]
    assert f"docker push {url}:{instance.environment}-{commit}" in ended.calls, "the environment's tag is not pushed"
    (deployed,) = json.loads(ended.artifact or "[{}]")
    assert deployed["imageUri"] == f"{url}:{commit}", f"it deploys {deployed}"
    (pointed,) = ended.of("aws ssm put-parameter")
    assert pointed.endswith(f"--value {url}:{commit}"), f"the pointer is {pointed}"


@proof(
    5,
    "KMS encryption at rest",
    of=DELIVERED,
    part="deliveries",
    broken_by=[
        Edit(PIPELINE, '\n    encryption_key {\n      type = "KMS"\n      id   = var.platform.kms.s3\n    }\n', "",
             says="artifacts"),
        Edit(BUILD, "encryption_key = var.platform.kms.s3", "encryption_key = null", says="build results"),
        Edit(BUILD, "kms_key_id        = var.platform.kms.logs", "kms_key_id = null", says="logs of builds"),
        Edit(SHARED, "key_id      = var.platform.kms.s3", "key_id = null", says="pointer"),
        Edit(BUILDSPEC, ' --key-id "${key}"', "", says="next pointer"),
        Edit(REGISTRY, 'encryption_type = "KMS"\n    kms_key         = var.platform.kms.ecr',
             'encryption_type = "AES256"', says="images"),
        Edit(ROLES, "Resource = [var.platform.kms.s3]", 'Resource = ["*"]', says="every key"),
    ],
)  # fmt: skip
def test_property_05_kms_encryption_at_rest_deliveries(instance: Instance) -> None:
    """Prove that a delivery encrypts with the environment's keys: artifacts, results, logs, images, the pointer."""
    keys = instance.variables["platform"]["kms"]
    store = pipeline(instance).values["artifact_store"][0].get("encryption_key")
    assert store == [{"id": keys["s3"], "type": "KMS"}], "artifacts"
    assert project(instance).values.get("encryption_key") == keys["s3"], "build results"
    assert instance.plan.one("aws_cloudwatch_log_group", "build").values["kms_key_id"] == keys["logs"], "logs of builds"
    pointer = instance.plan.one("aws_ssm_parameter").values
    assert (pointer["type"], pointer.get("key_id")) == ("SecureString", keys["s3"]), "pointer"
    assert f'--key-id "{keys["s3"]}"' in str(buildspec(instance)["phases"]["post_build"]), "next pointer"
    images = instance.plan.one("aws_ecr_repository").values["encryption_configuration"]
    assert images == [{"encryption_type": "KMS", "kms_key": keys["ecr"]}], "images"
    for role in ("build", "pipeline"):
        assert statements(instance, role)["UseArtifactKey"]["Resource"] == [keys["s3"]], "every key"
