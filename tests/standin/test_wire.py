"""HTTP behaviour of the stand-in: every answer arrives complete or not at all, for any client and under load.

An AWS client retries a call whose answer it did not receive; if that call took a state lock, the retry meets that lock.
"""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from deploy.local.standin import StandIn, start
from tests.patience import PATIENCE

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SIGNED = "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20260101/eu-central-1/{}/aws4_request, Signature=0"
WRITERS = 8
LOCKS_PER_WRITER = 25


def test_a_short_answer_arrives_together_with_its_headers(standin: StandIn, name: str) -> None:
    """Check that a client that reads once, as Terraform's may, receives the answer to every executed call."""
    _create_lock_table(standin, name)
    since = standin.last_request()

    def take_locks(writer: int) -> list[bytes]:
        locks = [f"{writer}-{number}" for number in range(LOCKS_PER_WRITER)]
        return [_read_once(standin, _put_item(name, lock)) for lock in locks]

    with ThreadPoolExecutor(WRITERS) as pool:
        answers = [answer for written in pool.map(take_locks, range(WRITERS)) for answer in written]
    assert len(answers) == WRITERS * LOCKS_PER_WRITER
    assert [answer for answer in answers if not _is_whole(answer)] == []
    puts = [call["status"] for call in standin.requests(since) if call["operation"] == "PutItem"]
    assert puts == [200] * len(answers)


@pytest.mark.parametrize("size", [0, 100_000])
def test_expect_continue_is_answered_once(standin: StandIn, name: str, size: int) -> None:
    standin.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    head = _head("s3", f"PUT /{name}/object HTTP/1.1", {"Content-Length": str(size), "Expect": "100-continue"})
    with _connect(standin) as connection:
        connection.sendall(head)
        assert connection.recv(len(CONTINUE), socket.MSG_WAITALL) == CONTINUE  # the answer may follow immediately
        connection.sendall(b"x" * size)
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    assert standin.client("s3").head_object(Bucket=name, Key="object")["ContentLength"] == size


def test_an_incomplete_upload_is_discarded(standin: StandIn, name: str) -> None:
    """Check that S3 stores an object completely or not at all: half a state lock would not name its holder."""
    s3 = standin.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    with _connect(standin) as connection:
        connection.sendall(_head("s3", f"PUT /{name}/object HTTP/1.1", {"Content-Length": "100"}) + b"x" * 10)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4096) == b""
    assert "Contents" not in s3.list_objects_v2(Bucket=name)


def test_a_long_answer_arrives_complete(standin: StandIn, name: str) -> None:
    s3 = standin.client("s3")
    s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    content = bytes(range(256)) * 4096  # many times the server's write buffer
    s3.put_object(Bucket=name, Key="object", Body=content)
    assert s3.get_object(Bucket=name, Key="object")["Body"].read() == content


def test_a_client_that_disconnects_leaves_no_traceback_in_the_output(tmp_path: Path) -> None:
    output = tmp_path / "output"
    with start(output=output) as own:
        own.inject_fault("sts", "slow", seconds=600)
        with _connect(own) as connection:
            body = b"Action=GetCallerIdentity&Version=2011-06-15"
            form = {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
            connection.sendall(_head("sts", "POST / HTTP/1.1", form) + body)
            _wait_until(lambda: own.last_request() == 1)
            # A reset instead of an orderly close, so that the server's next write fails.
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        own.lift_faults()
        _wait_until(lambda: own.requests()[0]["status"] is not None)
    assert "Traceback" not in output.read_text()


def _create_lock_table(standin: StandIn, name: str) -> None:
    standin.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )


def _put_item(table: str, lock: str) -> tuple[bytes, bytes]:
    """Return headers and body of a PutItem separately, as the SDK for Go sends them."""
    item = {"LockID": {"S": lock}}
    condition = "attribute_not_exists(LockID)"
    body = json.dumps({"TableName": table, "Item": item, "ConditionExpression": condition}).encode()
    headers = {
        "Content-Type": "application/x-amz-json-1.0",
        "Content-Length": str(len(body)),
        "X-Amz-Target": "DynamoDB_20120810.PutItem",
    }
    return _head("dynamodb", "POST / HTTP/1.1", headers), body


def _head(service: str, line: str, headers: dict[str, str]) -> bytes:
    fields = {"Host": "127.0.0.1", "Authorization": SIGNED.format(service), **headers}
    return "\r\n".join([line, *(f"{key}: {value}" for key, value in fields.items()), "", ""]).encode()


def _connect(standin: StandIn) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(standin.endpoint.rpartition(":")[2])), timeout=PATIENCE)


def _read_once(standin: StandIn, parts: tuple[bytes, bytes]) -> bytes:
    with _connect(standin) as connection:
        for part in parts:
            connection.sendall(part)
        return connection.recv(4096)  # as much as Go reads at once


def _is_whole(answer: bytes) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.startswith(b"HTTP/1.1 200 ") and body == b"{}"


def _wait_until(condition: Callable[[], bool]) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.05)):
        if condition():
            return
        pause.wait(0.05)
    raise AssertionError(f"the condition was not met within {PATIENCE:g} s")
