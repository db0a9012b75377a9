"""Evidence of one environment from AWS itself, independent of the daemon."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

MANIFEST_TYPE = "application/vnd.oci.image.manifest.v1+json"


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


class Evidence:
    """Queries about the services, states and locks of one cluster."""

    def __init__(self, client: Callable[[str], Any], *, cluster: str, bucket: str) -> None:
        self.cluster, self.bucket = cluster, bucket
        self.ecs, self.ecr, self.elb, self.acm = client("ecs"), client("ecr"), client("elbv2"), client("acm")
        self.s3, self.dynamodb, self.secrets = client("s3"), client("dynamodb"), client("secretsmanager")
        self.ec2, self.iam, self.logs = client("ec2"), client("iam"), client("logs")

    def states_are_safe(self) -> str:
        """Return the description of the state bucket and its lock table, or an empty text while one lacks something."""
        versioning = self.s3.get_bucket_versioning(Bucket=self.bucket).get("Status")
        rules = self.s3.get_bucket_encryption(Bucket=self.bucket)["ServerSideEncryptionConfiguration"]["Rules"]
        encryption = rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"]
        table = self.dynamodb.describe_table(TableName="reconciler-locks")["Table"]
        if (versioning, encryption) != ("Enabled", "aws:kms"):
            return ""
        return (
            f"bucket {self.bucket}: versioning {versioning}, {encryption}; "
            f"table {table['TableName']}: {table['TableStatus']}, key {table['KeySchema'][0]['AttributeName']}"
        )

    def running(self, name: str) -> Running | None:
        """Return the active service of that name; None when there is none."""
        found = self._service(name)
        if not found or found["status"] != "ACTIVE":
            return None
        definition = self.ecs.describe_task_definition(taskDefinition=found["taskDefinition"])["taskDefinition"]
        container = next(item for item in definition["containerDefinitions"] if item["name"] == name)
        return Running(
            task_definition=found["taskDefinition"],
            image=container["image"],
            cpu=int(definition["cpu"]),
            memory=int(definition["memory"]),
            environment={item["name"]: item["value"] for item in container.get("environment", ())},
            running=found["runningCount"],
            desired=found["desiredCount"],
            rollout=next(item["rolloutState"] for item in found["deployments"] if item["status"] == "PRIMARY"),
        )

    def status(self, name: str) -> str:
        """Return the status of a service: ACTIVE, DRAINING, INACTIVE, or MISSING when ECS does not know it."""
        found = self._service(name)
        return str(found["status"]) if found else "MISSING"

    def has_repository(self, name: str) -> bool:
        """Return True once the service's image repository exists."""
        repositories = self.ecr.describe_repositories()["repositories"]
        return any(repository["repositoryName"] == f"{self.cluster}/{name}" for repository in repositories)

    def has_image(self, name: str, tag: str) -> bool:
        """Return True when the repository has the tag."""
        images = self.ecr.list_images(repositoryName=f"{self.cluster}/{name}")["imageIds"]
        return any(image.get("imageTag") == tag for image in images)

    def runs(self, seen: Running, name: str, tag: str) -> bool:
        """Return True when a service runs the image of a tag, which its task definition may name by its digest."""
        found = self.ecr.describe_images(repositoryName=f"{self.cluster}/{name}", imageIds=[{"imageTag": tag}])
        return seen.image.endswith((f":{tag}", f"@{found['imageDetails'][0]['imageDigest']}"))

    def state(self, name: str) -> dict[str, Any]:
        """Return the instance's Terraform state from S3."""
        body = self.s3.get_object(Bucket=self.bucket, Key=f"{self.cluster}/{name}/terraform.tfstate")["Body"]
        document: dict[str, Any] = json.loads(body.read())
        return document

    def serials(self, names: Iterable[str]) -> dict[str, int]:
        """Return the serial of each instance's state, which grows with every write by Terraform."""
        return {name: self.state(name)["serial"] for name in names}

    def gone(self, name: str) -> str:
        """Return the status of a service that was destroyed; empty while it runs or has resources in its state."""
        status, resources = self.status(name), self.state(name)["resources"]
        return "" if status in {"ACTIVE", "DRAINING"} or resources else status

    def locks(self) -> list[str]:
        """Return every state lock held now: S3 lock files, and rows of the lock table with lock information."""
        objects = self.s3.list_objects_v2(Bucket=self.bucket).get("Contents", ())
        rows = self.dynamodb.scan(TableName="reconciler-locks")["Items"]
        files = [item["Key"] for item in objects if item["Key"].endswith(".tflock")]
        return files + [row["LockID"]["S"] for row in rows if "Info" in row]

    def open_port(self, group: str, port: int, source: str) -> None:
        """Open a port of a security group by hand."""
        rule = {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": source}]}
        self.ec2.authorize_security_group_ingress(GroupId=self.group(group), IpPermissions=[rule])

    def group(self, name: str) -> str:
        """Return the id of a security group by its name."""
        return str(self._group(name)["GroupId"])

    def sources(self, name: str) -> set[str]:
        """Return the address ranges of a security group's ingress rules."""
        return {item["CidrIp"] for rule in self._group(name)["IpPermissions"] for item in rule["IpRanges"]}

    def _group(self, name: str) -> Any:
        named = [{"Name": "group-name", "Values": [name]}]
        (found,) = self.ec2.describe_security_groups(Filters=named)["SecurityGroups"]
        return found

    def _service(self, name: str) -> Any:
        found = self.ecs.describe_services(cluster=self.cluster, services=[name])["services"]
        return next((each for each in found if each["status"] == "ACTIVE"), found[0] if found else None)
