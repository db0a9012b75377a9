"""Launcher of the stand-in for tests and the demo: a child process that ends with its parent.

It is a process because moto's state is global to a process, and because a daemon under test must reach AWS over a
network connection. Its environment is an allow-list: the caller's `MOTO_ACCOUNT_ID` or AWS profile cannot change its
account.
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

# moto determines the account of a caller by access keys of exactly this form.
ACCESS_KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET_ACCESS_KEY = "stand-in-secret"
_CLIENTS = Lock()  # creating clients from one boto3 session is not thread-safe


@dataclass(frozen=True, slots=True)
class StandIn:
    """A running stand-in."""

    endpoint: str
    pid: int
    region: str = "eu-central-1"

    def environment(self, *, region: str | None = None) -> dict[str, str]:
        """Return all variables that an AWS client needs to use the stand-in."""
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": region or self.region,
            "AWS_DEFAULT_REGION": region or self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def session(self, *, role_arn: str | None = None, region: str | None = None) -> boto3.Session:
        """Return a boto3 session of the default account, or of a role in any account; the role need not exist."""
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
        """Return a boto3 client without retries, so that a fault reaches the caller."""
        if role_arn is None:
            return _client(self.endpoint, service, region or self.region)
        return _make_client(self.session(role_arn=role_arn, region=region), self.endpoint, service)

    def reset(self) -> None:
        """Empty AWS and remove all faults and failures."""
        self.ask("POST", "reset")

    def fail_deployments(self, cluster: str, service: str, *, image: str | None = None) -> None:
        self.ask("POST", "ecs/fail", {"cluster": cluster, "service": service, "image": image})

    def allow_deployments(self) -> None:
        self.ask("DELETE", "ecs/fail")

    def set_rollout_delay(self, seconds: float) -> None:
        self.ask("POST", "ecs/delay", {"seconds": seconds})

    def configure(self, **settings: Any) -> None:
        """Replace the settings of `guards/settings.py`: what is not named gets its default."""
        self.ask("POST", "settings", settings)

    def inject_fault(self, service: str, kind: str, *, operation: str | None = None, **settings: float) -> None:
        """Inject a fault: `kind` is error, throttle, slow or hang; settings are status, times and seconds."""
        self.ask("POST", "faults", {"service": service, "operation": operation, "kind": kind, **settings})

    def lift_faults(self) -> None:
        self.ask("DELETE", "faults")

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """Return the calls after number `since`, oldest first."""
        found: list[dict[str, Any]] = self.ask("GET", f"requests?since={since}")["requests"]
        return found

    def last_request(self) -> int:
        return int(self.ask("GET", "health")["last"])

    def ask(self, method: str, page: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Request one of the pages that `administration.py` lists. Raises: ChildError."""
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
    """Run a stand-in for the length of a `with` block; `output` as for `child.serving`."""
    options = ["--rollout-delay", rollout_delay]
    options += ["--request-log", str(request_log.resolve())] if request_log else []
    # moto itself opens boto3 sessions, which must never find the credentials of a real account.
    keys = {"AWS_ACCESS_KEY_ID": ACCESS_KEY_ID, "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY}
    with child.serving("deploy.local.standin", options, port=port, output=output, environment=keys) as (found, pid):
        yield StandIn(endpoint=f"http://127.0.0.1:{found}", pid=pid, region=region)


@cache
def _session(region: str) -> boto3.Session:
    return boto3.Session(aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=region)


@cache
def _client(endpoint: str, service: str, region: str) -> Any:
    """Return a cached client: clients are thread-safe, and a new one loads its model, most of a second for EC2."""
    return _make_client(_session(region), endpoint, service)


def _make_client(session: boto3.Session, endpoint: str, service: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    with _CLIENTS:
        return session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]  # by name
