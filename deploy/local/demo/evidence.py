"""Evidence from AWS itself, independent of the daemon.

Terraform's calls are distinguished from the daemon's own by their user agent in the stand-in's request log.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from deploy.local.demo.stage import ACCOUNT, BUCKET, REGION, Stage

CLUSTER = "develop"
SECRET = "a value that must never be shown"
MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"
REGISTRY = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com"


@dataclass(frozen=True, slots=True)
class Running:
    """A service as ECS shows it."""

    task_definition: str
    image: str
    cpu: int
    memory: int
    environment: dict[str, str]
    running: int
    desired: int
    rollout: str


class Aws:
    """AWS clients of one stage, with the queries and changes that the steps need."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage.aws
        self.ecs = stage.aws.client("ecs")
        self.ecr = stage.aws.client("ecr")
        self.elb = stage.aws.client("elbv2")
        self.acm = stage.aws.client("acm")
        self.s3 = stage.aws.client("s3")
        self.dynamodb = stage.aws.client("dynamodb")
        self.secrets = stage.aws.client("secretsmanager")
        self.ec2 = stage.aws.client("ec2")
        self.iam = stage.aws.client("iam")
        self.logs = stage.aws.client("logs")

    def certificate(self, domain: str) -> str:
        """Request a certificate for the domain, as an operator would. Returns its ARN."""
        return str(self.acm.request_certificate(DomainName=domain, ValidationMethod="DNS")["CertificateArn"])

    def running(self, name: str) -> Running | None:
        """Return the active service of that name; None when there is none."""
        found = self.ecs.describe_services(cluster=CLUSTER, services=[name])["services"]
        active = [service for service in found if service["status"] == "ACTIVE"]
        if not active:
            return None
        service = active[0]
        definition = self.ecs.describe_task_definition(taskDefinition=service["taskDefinition"])["taskDefinition"]
        container = next(item for item in definition["containerDefinitions"] if item["name"] == name)
        return Running(
            task_definition=service["taskDefinition"],
            image=container["image"],
            cpu=int(definition["cpu"]),
            memory=int(definition["memory"]),
            environment={item["name"]: item["value"] for item in container.get("environment", ())},
            running=service["runningCount"],
            desired=service["desiredCount"],
            rollout=next(item["rolloutState"] for item in service["deployments"] if item["status"] == "PRIMARY"),
        )

    def status(self, name: str) -> str:
        """Return the status of a service: ACTIVE, DRAINING, INACTIVE, or MISSING when ECS does not know it."""
        found = self.ecs.describe_services(cluster=CLUSTER, services=[name])["services"]
        return str(found[0]["status"]) if found else "MISSING"

    def rules(self) -> dict[int, list[str]]:
        """Return the path patterns of all listener rules by priority."""
        balancers = self.elb.describe_load_balancers()["LoadBalancers"]
        found: dict[int, list[str]] = {}
        for balancer in balancers:
            for listener in self.elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
                for rule in self.elb.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                    if rule["Priority"] != "default":
                        found[int(rule["Priority"])] = sorted(_paths(rule["Conditions"]))
        return found

    def has_repository(self, name: str) -> bool:
        """Return True once the service's image repository exists."""
        repositories = self.ecr.describe_repositories()["repositories"]
        return any(repository["repositoryName"] == f"{CLUSTER}/{name}" for repository in repositories)

    def create_secret(self, name: str) -> None:
        """Create a secret, as a service team does before it names the secret in a manifest."""
        self.secrets.create_secret(Name=name, SecretString=SECRET)

    def first_tasks(self, name: str) -> list[int]:
        """Return the exit codes of the tasks that ran before the deployments of a service (`preDeployment`)."""
        family = f"{CLUSTER}-{name}-pre-deployment"
        arns = self.ecs.list_tasks(cluster=CLUSTER, family=family, desiredStatus="STOPPED")["taskArns"]
        tasks = self.ecs.describe_tasks(cluster=CLUSTER, tasks=arns)["tasks"] if arns else []
        return [int(task["containers"][0]["exitCode"]) for task in tasks]

    def push_image(self, name: str, tag: str) -> str:
        """Push an image under a tag, as the last step of a build pipeline does. Returns its full reference."""
        manifest = {
            "schemaVersion": 2,
            "mediaType": MANIFEST_TYPE,
            "config": {
                "mediaType": "application/vnd.oci.image.config.v1+json",
                "size": 2,
                "digest": f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}",
            },
            "layers": [],
        }
        self.ecr.put_image(
            repositoryName=f"{CLUSTER}/{name}",
            imageManifest=json.dumps(manifest),
            imageManifestMediaType=MANIFEST_TYPE,
            imageTag=tag,
        )
        return f"{REGISTRY}/{CLUSTER}/{name}:{tag}"

    def has_image(self, name: str, tag: str) -> bool:
        """Return True when the repository has the tag."""
        images = self.ecr.list_images(repositoryName=f"{CLUSTER}/{name}")["imageIds"]
        return any(image.get("imageTag") == tag for image in images)

    def state(self, name: str) -> dict[str, Any]:
        """Return the instance's Terraform state from S3."""
        body = self.s3.get_object(Bucket=BUCKET, Key=f"{CLUSTER}/{name}/terraform.tfstate")["Body"]
        document: dict[str, Any] = json.loads(body.read())
        return document

    def serials(self, names: Iterable[str]) -> dict[str, int]:
        """Return the serial of each instance's state, which grows with every write by Terraform."""
        return {name: self.state(name)["serial"] for name in names}

    def locks(self) -> list[str]:
        """Return every state lock held now: S3 lock files, and rows of the lock table with lock information."""
        objects = self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", ())
        rows = self.dynamodb.scan(TableName="reconciler-locks")["Items"]
        files = [item["Key"] for item in objects if item["Key"].endswith(".tflock")]
        return files + [row["LockID"]["S"] for row in rows if "Info" in row]

    def group(self, name: str) -> str:
        """Return the id of a security group by its name."""
        return str(self._group(name)["GroupId"])

    def sources(self, name: str) -> set[str]:
        """Return the address ranges of a security group's ingress rules."""
        return {item["CidrIp"] for rule in self._group(name)["IpPermissions"] for item in rule["IpRanges"]}

    def retention(self, log_group: str) -> int:
        """Return the retention of a log group in days."""
        (found,) = self.logs.describe_log_groups(logGroupNamePrefix=log_group)["logGroups"]
        return int(found["retentionInDays"])

    def count_items(self, table: str) -> int:
        """Return the number of items in a DynamoDB table."""
        return int(self.dynamodb.scan(TableName=table, Select="COUNT")["Count"])

    def _group(self, name: str) -> Any:
        named = [{"Name": "group-name", "Values": [name]}]
        (found,) = self.ec2.describe_security_groups(Filters=named)["SecurityGroups"]
        return found

    def mark(self) -> int:
        """Return the current position in the request log."""
        return self._stage.last_request()

    def terraform_calls(self, since: int) -> list[dict[str, Any]]:
        """Return Terraform's calls after a position, without the daemon's own reads."""
        return [call for call in self._stage.requests(since) if "Terraform" in call["user_agent"]]


def _paths(conditions: list[dict[str, Any]]) -> Iterable[str]:
    for condition in conditions:
        yield from condition.get("PathPatternConfig", {}).get("Values", ())
