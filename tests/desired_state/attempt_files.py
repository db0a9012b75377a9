"""Files of manifests in which a tenant asks for more than it has."""

from collections.abc import Mapping
from typing import Any

from tests.desired_state.manifests import public, to_yaml
from tests.desired_state.tenants import FILE, own

Files = Mapping[str, bytes]
COLLECTOR = "public.ecr.aws/aws-observability/collector:1"


def file(*manifests: Mapping[str, Any], path: str = FILE) -> Files:
    return {path: to_yaml(*manifests)}


def sidecar(image: str = COLLECTOR, **more: Any) -> list[dict[str, Any]]:
    return [{"name": "side", "image": image, **more}]


def at(path: str, priority: int = 1, **more: Any) -> Files:
    return file(public("intruder", paths=[path], priority=priority, **more))


def secret(name: object) -> Files:
    return file(own(secrets={"STOLEN": name}))
