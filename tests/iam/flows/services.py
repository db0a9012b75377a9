"""Flows of a service: how ECS starts its tasks, how a build makes its image, how a pipeline deploys it.

AWS does some things with service-linked roles, whose policies are its own: it registers targets and scales
services. ECR scans a pushed image, and S3 tells EventBridge of its objects, without a permission of ours.
The function that rotates a secret is made elsewhere, with its policies. Source:
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deploy.local.iam import Request
from tests.iam.flows.flow import Context, Flow, arn, as_role, becomes, by_service, flow, role, source, through
from tests.iam.flows.logs import SUFFIX, WRITE_LOGS, encrypted
from tests.iam.world import DAEMON_KEY, TOPICS_KEY
from tests.terraform.inputs import ACCOUNT, KEY

ECS_KEY, SECRETS_KEY, ARTIFACT_KEY = f"{KEY}0", f"{KEY}2", f"{KEY}4"
CONNECTION = "connection/00000000-0000-4000-8000-000000000000"
PULL = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
PUSH = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
# https://docs.aws.amazon.com/codepipeline/latest/userguide/pipelines-create-cross-account.html
USE_ARTIFACT_KEY = [
    "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo",
]  # fmt: skip
SECRETS_PAGE = "AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html"
USE_ARTIFACTS = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]


_AWS_CALL = re.compile(r"\baws (ecr|ecs|ssm) ([a-z-]+)")


def flows(environment: str, name: str, secret: str, buildspec: str, *, approved: bool) -> Iterator[Flow]:
    """Yield the flows of one service with a pipeline that deploys; `approved` pipelines ask a person first."""
    yield from _tasks(environment, name, secret)
    yield _storage(environment)
    yield _build(environment, name, buildspec)
    yield from _pipeline(environment, name)
    if approved:
        yield _approval(environment, name)


def daemon(name: str, secret: str) -> Iterator[Flow]:
    """Yield the flows that start the daemon's own task, whose parts are all named after it."""
    yield from _start(f"{name}-execution", f"{name}-task", name, name, f"/ecs/{name}")
    yield flow("ECS reads the daemon's secrets", SECRETS_PAGE, _read(f"{name}-execution", secret))
    yield encrypted(f"/ecs/{name}", DAEMON_KEY)


def _tasks(environment: str, name: str, secret: str) -> Iterator[Flow]:
    starter, full_name = f"{environment}-{name}-execution", f"{environment}/{name}"
    yield from _start(starter, f"{environment}-{name}-task", environment, full_name, f"/ecs/{full_name}")
    context = {"kms:EncryptionContext:SecretARN": arn("secretsmanager", f"secret:{secret}-AbCdEf")}
    yield flow(
        "ECS reads a task's secrets",
        SECRETS_PAGE,
        _read(starter, f"{secret}-AbCdEf"),
        as_role(starter, "kms:Decrypt", SECRETS_KEY, through("secretsmanager"), context),
    )


def _start(starter: str, code: str, cluster: str, repository: str, group: str) -> Iterator[Flow]:
    tasks = source(arn("ecs", f"task/{cluster}/0123456789abcdef"))
    yield flow(
        "ECS starts a task",
        "AmazonECS/latest/developerguide/task_execution_IAM_role.html",
        becomes("ecs-tasks", starter, tasks),
        as_role(starter, "ecr:GetAuthorizationToken", "*"),
        as_role(starter, PULL, arn("ecr", f"repository/{repository}")),
        as_role(starter, WRITE_LOGS, arn("logs", f"log-group:{group}:log-stream:app/app/0123")),
    )
    page = "AmazonECS/latest/developerguide/task-iam-roles.html"
    yield flow("a task runs with its role", page, becomes("ecs-tasks", code, tasks))


def _read(starter: str, secret: str) -> Iterator[Request]:
    return as_role(starter, "secretsmanager:GetSecretValue", arn("secretsmanager", f"secret:{secret}"))


def _storage(environment: str) -> Flow:
    cluster: Context = {
        "kms:EncryptionContext:aws:ecs:clusterAccount": ACCOUNT,
        "kms:EncryptionContext:aws:ecs:clusterName": environment,
    }
    granted: Context = {**cluster, "kms:GrantOperations": ("Decrypt",)}
    return flow(
        "Fargate encrypts the storage of tasks",
        "AmazonECS/latest/developerguide/fargate-create-storage-key.html",
        by_service("fargate", "kms:GenerateDataKeyWithoutPlaintext", ECS_KEY, cluster),
        by_service("fargate", "kms:CreateGrant", ECS_KEY, granted),
        by_service("fargate", "kms:DescribeKey", ECS_KEY),
    )


def _build(environment: str, name: str, buildspec: str) -> Flow:
    builder = f"{environment}-{name}-build"
    artifact = f"arn:aws:s3:::{environment}-artifacts-{SUFFIX}/{environment}-{name}/source/0123"
    repository = arn("ecr", f"repository/{environment}/{name}")
    return flow(
        "CodeBuild makes an image",
        "codebuild/latest/userguide/setting-up-service-role.html",
        becomes("codebuild", builder, source(arn("codebuild", f"project/{environment}-{name}"))),
        as_role(builder, WRITE_LOGS, arn("logs", f"log-group:/codebuild/{environment}/{name}:log-stream:0123")),
        as_role(builder, "codeconnections:UseConnection", arn("codeconnections", CONNECTION)),
        as_role(builder, USE_ARTIFACTS, artifact),
        as_role(builder, USE_ARTIFACT_KEY, ARTIFACT_KEY, through("s3")),
        as_role(builder, [*PULL, *PUSH], repository),
        as_role(builder, "kms:Encrypt", ARTIFACT_KEY, through("ssm")),
        *_calls(builder, environment, name, buildspec),
    )


def _calls(builder: str, environment: str, name: str, buildspec: str) -> Iterator[Iterator[Request]]:
    """Yield what the commands of a buildspec ask AWS for."""
    repository = arn("ecr", f"repository/{environment}/{name}")
    parameter = arn("ssm", f"parameter/{environment}/{name}/image")
    asked = {
        "ecr get-login-password": ("ecr:GetAuthorizationToken", "*"),
        "ecr describe-images": ("ecr:DescribeImages", repository),
        "ecr batch-get-image": ("ecr:BatchGetImage", repository),
        "ecr put-image": ("ecr:PutImage", repository),
        "ecs describe-services": ("ecs:DescribeServices", arn("ecs", f"service/{environment}/{name}")),
        "ecs describe-task-definition": ("ecs:DescribeTaskDefinition", "*"),
        "ssm get-parameter": ("ssm:GetParameter", parameter),
        "ssm put-parameter": ("ssm:PutParameter", parameter),
    }
    for call in sorted({" ".join(found) for found in _AWS_CALL.findall(buildspec)}):
        yield as_role(builder, *asked[call])


def _pipeline(environment: str, name: str) -> Iterator[Flow]:
    deployer, full_name = f"{environment}-{name}-pipeline", f"{environment}-{name}"
    bucket = f"arn:aws:s3:::{environment}-artifacts-{SUFFIX}"
    yield flow(
        "CodePipeline fetches the source and builds",
        "codepipeline/latest/userguide/action-reference-CodestarConnectionSource.html",
        becomes("codepipeline", deployer, source(arn("codepipeline", full_name))),
        as_role(deployer, "codeconnections:UseConnection", arn("codeconnections", CONNECTION)),
        as_role(deployer, USE_ARTIFACTS, f"{bucket}/{full_name}/source/0123"),
        as_role(deployer, ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"], bucket),
        as_role(deployer, USE_ARTIFACT_KEY, ARTIFACT_KEY, through("s3")),
        as_role(
            deployer, ["codebuild:BatchGetBuilds", "codebuild:StartBuild"], arn("codebuild", f"project/{full_name}")
        ),
    )
    passed: Context = {"iam:PassedToService": "ecs-tasks.amazonaws.com"}
    yield flow(
        "CodePipeline deploys to ECS",
        "codepipeline/latest/userguide/action-reference-ECS.html",
        as_role(deployer, ["ecs:DescribeServices", "ecs:UpdateService"], arn("ecs", f"service/{environment}/{name}")),
        as_role(deployer, "ecs:DescribeTaskDefinition", "*"),
        as_role(deployer, "ecs:RegisterTaskDefinition", arn("ecs", f"task-definition/{full_name}:7")),
        as_role(deployer, "ecs:TagResource", arn("ecs", f"task-definition/{full_name}:7")),
        as_role(deployer, "iam:PassRole", role(f"{full_name}-execution"), passed),
        as_role(deployer, "iam:PassRole", role(f"{full_name}-task"), passed),
    )


def _approval(environment: str, name: str) -> Flow:
    deployer, topic = f"{environment}-{name}-pipeline", arn("sns", f"{environment}-deliveries")
    encryption: Context = {**through("sns"), "kms:EncryptionContext:aws:sns:topicArn": topic}
    return flow(
        "CodePipeline asks for approval",
        "codepipeline/latest/userguide/approvals-iam-permissions.html",
        as_role(deployer, "sns:Publish", topic),
        as_role(deployer, ["kms:Decrypt", "kms:GenerateDataKey"], TOPICS_KEY, encryption),
    )
