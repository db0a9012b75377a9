"""The stand-in as a server: refusals that clients do not retry, request log, faults, accounts, start and end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from deploy.local.child import ChildError
from deploy.local.standin import StandIn, start
from tests.patience import PATIENCE

OTHER_ACCOUNT = "210987654321"
OTHER_ROLE = f"arn:aws:iam::{OTHER_ACCOUNT}:role/deployer"


@pytest.fixture(autouse=True)
def _no_faults_left(standin: StandIn) -> Iterator[None]:
    yield
    standin.lift_faults()


# For each protocol of AWS an operation that moto does not have, and a service that moto does not have.
UNKNOWN: dict[str, tuple[str, Callable[[Any], Any]]] = {
    "json": ("ecs", lambda client: client.list_service_deployments(cluster="c", service="s")),
    "query": ("iam", lambda client: client.list_service_specific_credentials()),
    "ec2": ("ec2", lambda client: client.describe_instance_connect_endpoints()),
    "rest-xml": ("route53", lambda client: client.list_cidr_collections()),
    "rest-json": ("eks", lambda client: client.list_addons(clusterName="c")),
    "cbor": ("cloudwatch", lambda client: client.describe_anomaly_detectors()),
    "unknown service": ("codestar-connections", lambda client: client.list_connections()),
}


@pytest.mark.parametrize("protocol", UNKNOWN)
def test_unsupported_operations_are_refused_with_a_client_error(standin: StandIn, protocol: str) -> None:
    service, call = UNKNOWN[protocol]
    with pytest.raises(ClientError) as refused:
        call(standin.client(service))
    assert refused.value.response["Error"]["Code"] == "StandInNotImplemented"
    assert "does not implement" in refused.value.response["Error"]["Message"]
    assert 400 <= refused.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500


def test_the_log_has_caller_and_operation_but_no_body(standin: StandIn, name: str) -> None:
    since = standin.last_request()
    standin.client("secretsmanager", region="eu-west-1").create_secret(Name=name, SecretString="hush")
    standin.client("s3").list_buckets()
    secret, buckets = standin.requests(since)
    assert (secret["service"], secret["operation"], secret["region"]) == ("secretsmanager", "CreateSecret", "eu-west-1")
    assert (secret["account"], secret["method"], secret["status"]) == ("123456789012", "POST", 200)
    assert "Boto3" in secret["user_agent"]
    assert "hush" not in json.dumps(secret)
    assert (buckets["service"], buckets["operation"]) == ("s3", "ListBuckets")


def test_an_assumed_role_acts_in_its_own_account(standin: StandIn, name: str) -> None:
    standin.client("ecs", role_arn=OTHER_ROLE).create_cluster(clusterName=name)
    since = standin.last_request()
    ours = standin.client("ecs").describe_clusters(clusters=[name])
    theirs = standin.client("ecs", role_arn=OTHER_ROLE).describe_clusters(clusters=[name])
    identity = standin.client("sts", role_arn=OTHER_ROLE).get_caller_identity()
    assert ours["clusters"] == []
    assert f":{OTHER_ACCOUNT}:" in theirs["clusters"][0]["clusterArn"]
    assert identity["Account"] == OTHER_ACCOUNT
    calls = [(call["operation"], call["account"]) for call in standin.requests(since)]
    assert ("DescribeClusters", OTHER_ACCOUNT) in calls


def test_an_error_is_answered_the_requested_number_of_times(standin: StandIn) -> None:
    standin.inject_fault("ecs", "error", operation="ListClusters", status=503, times=2)
    ecs = standin.client("ecs")
    ecs.list_task_definitions()  # another operation
    for _ in range(2):
        with pytest.raises(ClientError) as failed:
            ecs.list_clusters()
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    ecs.list_clusters()


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [("ecs", "list_clusters", "ThrottlingException"), ("ec2", "describe_vpcs", "RequestLimitExceeded")],
)
def test_throttling_uses_the_error_code_of_the_service(
    standin: StandIn, service: str, operation: str, code: str
) -> None:
    standin.inject_fault(service, "throttle")
    with pytest.raises(ClientError) as throttled:
        getattr(standin.client(service), operation)()
    assert throttled.value.response["Error"]["Code"] == code


def test_a_slow_call_is_delayed_and_then_carried_out(standin: StandIn, name: str) -> None:
    standin.inject_fault("ecs", "slow", operation="CreateCluster", seconds=600)
    since = standin.last_request()
    with ThreadPoolExecutor() as pool:
        held = pool.submit(standin.client("ecs").create_cluster, clusterName=name)
        _wait_until(lambda: bool(standin.requests(since)))
        assert standin.requests(since)[0]["status"] is None
        assert standin.client("ecs").describe_clusters(clusters=[name])["clusters"] == []  # others are not held up
        standin.lift_faults()
        assert held.result(timeout=PATIENCE)["cluster"]["clusterName"] == name


def test_a_hung_call_ends_without_an_answer_and_without_effect(standin: StandIn, name: str) -> None:
    standin.inject_fault("ecs", "hang", operation="CreateCluster", seconds=0)
    with pytest.raises(ConnectionClosedError):
        standin.client("ecs").create_cluster(clusterName=name)
    assert standin.client("ecs").describe_clusters(clusters=[name])["clusters"] == []


@pytest.mark.parametrize(
    ("page", "content"),
    [
        ("faults", {"service": "ecs", "kind": "slowly"}),
        ("faults", {"service": "ecs", "kind": "slow", "second": 3}),
        ("ecs/delay", {"seconds": -1}),
        ("ecs/fail", {"cluster": "c"}),
        ("nowhere", {}),
    ],
)
def test_an_invalid_request_to_a_control_page_is_refused(standin: StandIn, page: str, content: dict[str, Any]) -> None:
    with pytest.raises(ChildError, match=r"4\d\d"):
        standin.ask("POST", page, content)


def test_only_one_of_many_writers_gets_the_state_lock(standin: StandIn, name: str) -> None:
    s3 = standin.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    def lock(_: int) -> bool:
        try:
            s3.put_object(Bucket=name, Key="state.tflock", Body=b"{}", IfNoneMatch="*")
        except ClientError as refused:
            assert refused.response["Error"]["Code"] == "PreconditionFailed"  # noqa: PT017 - other errors must fail
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lock, range(16))) == 1


def test_reset_empties_aws_and_lifts_all_rules_while_the_log_file_is_complete(tmp_path: Path) -> None:
    file = tmp_path / "requests.jsonl"
    with start(request_log=file) as own:
        own.client("ecs").create_cluster(clusterName="c")
        own.fail_deployments("c", "s")
        own.inject_fault("ecs", "error")
        own.reset()
        assert own.client("ecs").list_clusters()["clusterArns"] == []
        assert own.ask("GET", "ecs/fail") == {"failures": []}
        lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert [line["operation"] for line in lines] == ["CreateCluster", "ListClusters"]


def test_a_port_in_use_is_named_in_the_error(standin: StandIn) -> None:
    taken = int(standin.endpoint.rpartition(":")[2])
    with pytest.raises(ChildError, match="already in use"), start(port=taken):
        pass


def test_it_ends_with_its_parent_process(tmp_path: Path) -> None:
    code = f"""
from deploy.local.standin import start
with start() as own:
    open({str(tmp_path / "pid")!r}, "w").write(str(own.pid))
    import os, signal
    os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[2], check=False, timeout=PATIENCE)
    pid = int((tmp_path / "pid").read_text())
    _wait_until(lambda: not _runs(pid))


def test_sigterm_ends_it_even_while_a_call_hangs() -> None:
    with start() as own:
        own.inject_fault("sts", "hang", seconds=600)
        with ThreadPoolExecutor() as pool:
            hung = pool.submit(own.client("sts").get_caller_identity)
            _wait_until(lambda: own.last_request() == 1)
            os.kill(own.pid, signal.SIGTERM)
            with pytest.raises(ConnectionClosedError):
                hung.result(timeout=PATIENCE)


def _runs(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _wait_until(condition: Callable[[], bool], *, seconds: float = 30) -> None:
    pause = threading.Event()
    for _ in range(int(seconds / 0.1)):
        if condition():
            return
        pause.wait(0.1)
    raise AssertionError(f"the condition was not met within {seconds:g} s")
