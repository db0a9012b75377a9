"""Malformed bytes on a run's socket while a real terraform with the real provider uses it.

`tests/provider/test_sockets.py` tests the same rules with the fake provider.
"""

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploy.local.standin import StandIn
from reconciler.provider.client import Attachment, WarmProvider
from reconciler.provider.package import PackageNotFound, locate
from reconciler.provider.processes.process import SERVICE
from tests.patience import PATIENCE
from tests.provider.conftest import until
from tests.provider.protocol.messages import block, packed
from tests.provider.terraform_runs import Terraform, mirrors
from tests.standins import borrowed

pytestmark = pytest.mark.aws

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
SETTINGS = b"\0\0\0\x04\0\0\0\0\0"
TYPED = block(1, b"aws_ssm_parameter")
OTHER_USER = 65534
PYTHON = os.path.realpath(sys.executable)


@pytest.fixture(scope="module")
def standin() -> Iterator[StandIn]:
    with borrowed() as running:
        yield running


@pytest.fixture
def terraform(tmp_path: Path, standin: StandIn) -> Terraform:
    try:
        return Terraform(tmp_path, locate(mirrors(), None), standin)
    except PackageNotFound:
        pytest.skip("the AWS provider is in no mirror of this machine")


@pytest.fixture
async def warm() -> AsyncIterator[WarmProvider]:
    with tempfile.TemporaryDirectory(prefix="warm-") as directory:
        started = await WarmProvider.start(Path(directory, "w"), ready_seconds=PATIENCE)
        yield started
        await started.stop(drain_seconds=0)


def socket_of(side: Attachment) -> Path:
    (entry,) = json.loads(side.environment["TF_REATTACH_PROVIDERS"]).values()
    return Path(entry["Addr"]["String"])


def literal(name: bytes, value: bytes) -> bytes:
    return b"\0" + bytes([len(name)]) + name + bytes([len(value)]) + value


def frame(kind: int, flags: int, stream: int, content: bytes) -> bytes:
    return len(content).to_bytes(3, "big") + bytes([kind, flags]) + stream.to_bytes(4, "big") + content


def call(method: str, message: bytes, announced: int) -> bytes:
    """Return a call of the plugin protocol as bytes, whose message announces any length."""
    pairs = {b":method": b"POST", b":scheme": b"http", b":path": (SERVICE + method).encode(), b":authority": b"x"}
    pairs |= {b"te": b"trailers", b"content-type": b"application/grpc"}
    headers = b"".join(literal(name, value) for name, value in pairs.items())
    body = b"\0" + announced.to_bytes(4, "big") + message
    return PREFACE + SETTINGS + frame(1, 4, 1, headers) + frame(0, 1, 1, body)


# Without `Stop`, because any client of the socket may stop its run.
METHODS = [
    *("GetSchema", "PrepareProviderConfig", "Configure", "ValidateResourceTypeConfig", "ValidateDataSourceConfig"),
    *("UpgradeResourceState", "ReadResource", "PlanResourceChange", "ApplyResourceChange", "ImportResourceState"),
    *("MoveResourceState", "ReadDataSource", "CallFunction", "ValidateEphemeralResourceConfig"),
    *("OpenEphemeralResource", "UpgradeResourceIdentity", "NoSuchMethod"),
]
values = st.sampled_from([b"", block(1, packed(None)), block(1, b"\x81"), block(2, b"{"), b"\xff"])
requests = st.tuples(
    st.sampled_from([b"", b"aws_ssm_parameter", b"aws_no_such"]),
    st.dictionaries(st.integers(2, 6), values),
).map(lambda parts: block(1, parts[0]) + b"".join(block(field, value) for field, value in parts[1].items()))
calls = st.tuples(
    st.sampled_from(METHODS),
    requests | st.binary(max_size=200),
    st.none() | st.integers(0, 2**32 - 1),
).map(lambda parts: call(parts[0], parts[1], len(parts[1]) if parts[2] is None else parts[2]))
frames = st.builds(frame, st.integers(0, 255), st.integers(0, 255), st.integers(0, 2**31 - 1), st.binary(max_size=300))
malformed = (
    st.binary(max_size=500)
    | frames.map(lambda one: PREFACE + SETTINGS + one)
    | st.integers(1, 2_000_000).map(lambda size: PREFACE + b"\xff" * size)
    | calls
)


async def send(socket: Path, content: bytes) -> None:
    """Send bytes, and disconnect after a response, after the end of the connection, or after a second."""
    reader, writer = await asyncio.open_unix_connection(socket)
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            writer.write(content)
            await writer.drain()
            while b"grpc-status" not in (answer := await reader.read(65536)) and answer:
                pass
    await abort(writer)


async def abort(writer: asyncio.StreamWriter) -> None:
    """Abort a connection without sending its buffer, and wait until it is closed."""
    writer.transport.abort()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


async def no_connection_is_left(warm: WarmProvider) -> None:
    """Wait until the run has no connections: the warm provider notices an end a little after the client's."""
    try:
        async with asyncio.timeout(PATIENCE):
            while [run["connections"] for run in (await warm.status())["runs"]] != [0]:  # noqa: ASYNC110 - there is no event for it
                await asyncio.sleep(0.05)
    except TimeoutError:
        pytest.fail(f"connections are left after {PATIENCE:g} s: {await warm.status()}")


async def test_a_plan_succeeds_while_its_socket_is_fuzzed(warm: WarmProvider, terraform: Terraform) -> None:
    """Send malformed bytes while terraform has a connection of the same run and waits for AWS."""
    terraform.standin.reset()
    environment = terraform.environment()
    root = terraform.root("fuzzed", name="f")
    contents: list[bytes] = [call("ReadResource", b"x" * 10, 2**32 - 1)]
    contents += [call(method, request, len(request)) for method in METHODS for request in (b"", TYPED)]

    @settings(max_examples=60, database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(malformed)
    def collect(content: bytes) -> None:
        contents.append(content)

    await asyncio.to_thread(collect)
    async with warm.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
        assert side.warm, side.reason
        await terraform.run(root, environment, side, "init")
        await terraform.run(root, environment, side, "apply", "-auto-approve")
        terraform.standin.inject_fault("ssm", "slow", operation="GetParameter", times=100, seconds=2 * PATIENCE)
        before = terraform.standin.last_request()
        pids = [process["pid"] for process in (await warm.status())["processes"]]
        plan = await terraform.start(root, environment, side, "plan", "-detailed-exitcode")
        await until(terraform.asked("GetParameter", before), "the plan is reading")
        for some in range(0, len(contents), 8):
            await asyncio.gather(*(send(socket_of(side), content) for content in contents[some : some + 8]))
        assert plan.returncode is None, f"the plan was not under way all the time: {(root / 'output').read_text()}"
        terraform.standin.lift_faults()
        assert await asyncio.wait_for(plan.wait(), PATIENCE) == 0, (root / "output").read_text()
        await terraform.run(root, environment, side, "plan", "-detailed-exitcode")
        status = await warm.status()
        assert set(pids) <= {process["pid"] for process in status["processes"]}, "no process was lost"
        await no_connection_is_left(warm)
    assert side.trouble is None


async def test_a_socket_is_removed_when_its_run_ends(warm: WarmProvider, terraform: Terraform) -> None:
    environment = terraform.environment()
    root = terraform.root("gone", name="g")
    async with warm.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
        assert side.warm, side.reason
        path = socket_of(side)
        assert path.is_socket()
        reader, writer = await asyncio.open_unix_connection(path)
    with contextlib.suppress(ConnectionError):
        await asyncio.wait_for(reader.read(), PATIENCE)  # open connections are cut, with or without a greeting
    await abort(writer)
    assert not path.exists()
    with pytest.raises(OSError, match="No such file"):
        await asyncio.open_unix_connection(path)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
async def test_another_user_cannot_connect(warm: WarmProvider, terraform: Terraform) -> None:
    """Try as another user: with correct modes, with an accessible directory, and with an accessible socket."""
    environment = terraform.environment()
    root = terraform.root("private", name="p")
    assert shutil.which("setpriv"), "util-linux is missing"
    async with warm.attach(binary=terraform.binary, environment=environment, workspace=root) as side:
        path = socket_of(side)
        assert await answer_to(path, uid=os.getuid()) == "connected, alive"
        path.parent.parent.chmod(0o755)
        assert await answer_to(path) == "PermissionError"
        path.parent.chmod(0o755)
        assert await answer_to(path) == "PermissionError"
        path.chmod(0o777)
        assert await answer_to(path) == "connected, cut off"


PROBE = """
import socket, sys
probe = socket.socket(socket.AF_UNIX)
probe.settimeout(60)
try:
    probe.connect(sys.argv[1])
except OSError as error:
    print(type(error).__name__)
    sys.exit()
try:
    probe.sendall(bytes.fromhex(sys.argv[2]))
    print("connected, alive" if probe.recv(100) else "connected, cut off")
except OSError:
    print("connected, cut off")
"""


async def answer_to(path: Path, uid: int = OTHER_USER) -> str:
    """Connect and greet like gRPC as a user. Returns the result that the probe prints."""
    become = ["setpriv", f"--reuid={uid}", f"--regid={uid}", "--clear-groups"]
    command = [*become, PYTHON, "-I", "-S", "-c", PROBE, str(path), (PREFACE + SETTINGS).hex()]
    process = await asyncio.create_subprocess_exec(
        *command, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    out, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    if process.returncode:
        pytest.skip(f"user {uid} cannot run this Python: {errors.decode()}")
    return out.decode().strip()
