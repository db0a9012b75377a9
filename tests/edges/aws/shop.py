"""A service of one environment in AWS, deployed as an operator or a pipeline would deploy it."""

import uuid
from contextlib import suppress
from dataclasses import replace
from typing import Any

from deploy.local import standin
from desired_state.instance import Instance, Key
from reconciler.core.environment import Environment
from tests.core.instances import SERVICE, instance

ACCOUNT = "123456789012"
REGISTRY = f"{ACCOUNT}.dkr.ecr.eu-central-1.amazonaws.com"
OCI = "application/vnd.oci.image.manifest.v1+json"


class Shop:
    """A service of one environment in AWS, deployed as an operator or a pipeline would."""

    def __init__(self, aws: standin.StandIn) -> None:
        self.aws = aws
        self.name = f"s{uuid.uuid4().hex[:10]}"
        self.key = Key("develop", self.name)
        self.cluster = f"c-{self.name}"
        self.environment = Environment("develop", "develop", ACCOUNT, "eu-central-1", endpoint=aws.endpoint)
        aws.client("ecs").create_cluster(clusterName=self.cluster)

    def instance(self, text: str = SERVICE) -> Instance:
        return replace(instance(text), key=self.key)

    def define(self, image: str, port: int | None = None, secret: str | None = None) -> str:
        ports = [{"containerPort": number, "protocol": "tcp"} for number in [port] if number]
        own: dict[str, Any] = {"name": self.name, "image": image, "portMappings": ports}
        secrets = [{"name": "KEY", "valueFrom": f"arn:aws:secretsmanager:eu-central-1:{ACCOUNT}:secret:{secret}"}]
        sidecar = {"name": "sidecar", "image": "proxy:1"} | ({"secrets": secrets} if secret else {})
        containers: list[dict[str, Any]] = [sidecar, own]
        found = self.aws.client("ecs").register_task_definition(
            family=f"develop-{self.name}", containerDefinitions=[{**one, "memory": 64} for one in containers]
        )
        return str(found["taskDefinition"]["taskDefinitionArn"])

    def create(self, image: str, port: int | None = None, secret: str | None = None) -> str:
        definition = self.define(image, port, secret)
        self.aws.client("ecs").create_service(
            cluster=self.cluster,
            serviceName=self.name,
            taskDefinition=definition,
            desiredCount=2,
            launchType="FARGATE",
            deploymentConfiguration={"deploymentCircuitBreaker": {"enable": True, "rollback": True}},
        )
        return definition

    def update(self, image: str, port: int | None = None, secret: str | None = None) -> str:
        definition = self.define(image, port, secret)
        self.aws.client("ecs").update_service(cluster=self.cluster, service=self.name, taskDefinition=definition)
        return definition

    def push(self, *tags: str) -> None:
        ecr = self.aws.client("ecr")
        name = f"develop/{self.name}"
        with suppress(ecr.exceptions.RepositoryAlreadyExistsException):
            ecr.create_repository(repositoryName=name)
        manifest = f'{{"schemaVersion": 2, "config": {{"digest": "sha256:{uuid.uuid4().hex * 2}"}}}}'
        for tag in tags:
            ecr.put_image(repositoryName=name, imageManifest=manifest, imageManifestMediaType=OCI, imageTag=tag)
