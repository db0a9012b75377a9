"""Starting the stand-in from Python, for tests and the demo: a child process that cannot outlive its parent.

A child, because moto's state is global to a process and because a daemon under test must meet AWS over a wire. Its
environment is an allow-list: no `MOTO_ACCOUNT_ID` or AWS profile of the caller can change whom it answers as.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import boto3
from botocore.config import Config

from deploy.local import child

# The shape counts: moto finds the account of a caller by access keys of exactly this form.
ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "stand-in-secret"
_CLIENTS = Lock()  # a boto3 session makes one client at a time


@dataclass(frozen=True, slots=True)
class StandIn:
    """A running stand-in."""

    endpoint: str
    pid: int
    region: str = "eu-central-1"

    def environment(self, *, region: str | None = None) -> dict[str, str]:
        """What a client's environment needs, and all that it needs, to talk to the stand-in."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": region or self.region,
            "AWS_DEFAULT_REGION": region or self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def session(self, *, role_arn: str | None = None, region: str | None = None) -> boto3.Session:
        """A boto3 session as the default account, or as a role (which need not exist) of any other."""
        base = _session(region or self.region)
        if role_arn is None:
            return base
        sts = base.client("sts", endpoint_url=self.endpoint)
        assumed = sts.assume_role(RoleArn=role_arn, RoleSessionName="stand-in")["Credentials"]
        return boto3.Session(
            region_name=region or self.region,
            aws_access_key_id=assumed["AccessKeyId"],
            aws_secret_access_key=assumed["SecretAccessKey"],
            aws_session_token=assumed["SessionToken"],
        )

    def client(self, service: str, *, role_arn: str | None = None, region: str | None = None) -> Any:
        """A boto3 client; it tries once, so a fault is seen and not waited out."""
        if role_arn is None:
            return _client(self.endpoint, service, region or self.region)
        return _make_client(self.session(role_arn=role_arn, region=region), self.endpoint, service)

    def reset(self) -> None:
        """An empty AWS, without faults or failures."""
        self.ask("POST", "reset")

    def fail_deployments(self, cluster: str, service: str, *, image: str | None = None) -> None:
        self.ask("POST", "ecs/fail", {"cluster": cluster, "service": service, "image": image})

    def allow_deployments(self) -> None:
        self.ask("DELETE", "ecs/fail")

    def set_rollout_delay(self, seconds: float) -> None:
        self.ask("POST", "ecs/delay", {"seconds": seconds})

    def inject_fault(self, service: str, kind: str, *, operation: str | None = None, **settings: float) -> None:
        """`kind` is error, throttle, slow or hang; settings are status, times and seconds."""
        self.ask("POST", "faults", {"service": service, "operation": operation, "kind": kind, **settings})

    def lift_faults(self) -> None:
        self.ask("DELETE", "faults")

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """The calls after number `since`, oldest first."""
        found: list[dict[str, Any]] = self.ask("GET", f"requests?since={since}")["requests"]
        return found

    def last_request(self) -> int:
        return int(self.ask("GET", "health")["last"])

    def ask(self, method: str, page: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """One of the pages that `administration.py` lists. Raises: ChildError."""
        return child.ask(f"{self.endpoint}/standin/{page}", method, content)


@contextmanager
def start(
    *,
    region: str = "eu-central-1",
    port: int = 0,
    rollout_delay: str = "3s",
    request_log: Path | None = None,
    output: Path | None = None,
) -> Iterator[StandIn]:
    """A stand-in for the length of a `with` block; `output` as for `child.serving`."""
    options = ["--rollout-delay", rollout_delay]
    options += ["--request-log", str(request_log.resolve())] if request_log else []
    # moto itself opens boto3 sessions; credentials of a real account must never be found by one.
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}
    with child.serving("deploy.local.standin", options, port=port, output=output, environment=keys) as (found, pid):
        yield StandIn(endpoint=f"http://127.0.0.1:{found}", pid=pid, region=region)


@cache
def _session(region: str) -> boto3.Session:
    return boto3.Session(aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=region)


@cache
def _client(endpoint: str, service: str, region: str) -> Any:
    """Kept: a client is safe to share, and a new one reads its service's model, a good part of a second for EC2."""
    return _make_client(_session(region), endpoint, service)


def _make_client(session: boto3.Session, endpoint: str, service: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    with _CLIENTS:
        return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]  # by name
