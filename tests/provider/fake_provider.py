"""A fake provider of protocol 5, for tests of the assignment of processes, which need no AWS.

Its responses identify the process. Tests control it by environment variables (`AWS_FAKE_…`, the only names that reach a
provider) and by the content of requests. It logs requests to a file in the directory `AWS_FAKE_LOG`; a file that the
environment names would count as a credential.
"""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

LARGEST = 2**31 - 1
NAME = os.environ.get("AWS_FAKE_NAME", "")
STOPPED = asyncio.Event()


def varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128]) + varint(number >> 7)


def block(field: int, content: bytes) -> bytes:
    return varint(field << 3 | 2) + varint(len(content)) + content


def log(**words: object) -> None:
    with Path(os.environ["AWS_FAKE_LOG"], "asked").open("a") as file:
        file.write(json.dumps({"pid": os.getpid(), "name": NAME, **words}) + "\n")


def who(**words: object) -> bytes:
    return json.dumps({"pid": os.getpid(), "name": NAME, "directory": str(Path.cwd()), **words}).encode()


async def answer(method: str, request: bytes) -> bytes:
    if method == "GetSchema":
        names = ("aws_one", "aws_two", "aws_three")
        return b"".join(block(2, block(1, name.encode()) + block(2, b"s")) for name in names)
    if method in {"Configure", "PrepareProviderConfig"}:
        refused = b"refuse" in request
        return block(1 if method == "Configure" else 2, b"\x08\x01" + block(2, b"refused")) if refused else b""
    if method == "Stop":
        STOPPED.set()
        return b""
    if b"crash" in request:
        os.kill(os.getpid(), signal.SIGKILL)
    if b"wait" in request:
        try:
            await asyncio.wait_for(STOPPED.wait(), 60)
        except asyncio.CancelledError:
            log(method="cancelled", of=method)
            raise
        return who(stopped=True)
    return request if b"echo" in request[:10] else who(method=method)


class Service(grpc.GenericRpcHandler):  # type: ignore[misc]  # the package has no types
    def service(self, details: Any) -> Any:
        method = details.method.rpartition("/")[2]

        async def serve(request: bytes, _context: Any) -> bytes:
            log(method=method)
            if method == "Shutdown":
                asyncio.get_running_loop().call_later(0.05, os._exit, 0)
                return b""
            return await answer(method, request)

        return grpc.unary_unary_rpc_method_handler(serve)


async def main() -> None:
    address = f"{os.environ['PLUGIN_UNIX_SOCKET_DIR']}/fake{os.getpid()}"
    options = [("grpc.max_receive_message_length", LARGEST), ("grpc.max_send_message_length", LARGEST)]
    server = grpc.aio.server(options=options)
    server.add_generic_rpc_handlers((Service(),))
    server.add_insecure_port(f"unix:{address}")
    await server.start()
    log(method="start")
    sys.stdout.write(f"1|{os.environ.get('AWS_FAKE_PROTOCOL', '5')}|unix|{address}|grpc|\n")
    sys.stdout.flush()
    await server.wait_for_termination()


if __name__ == "__main__":
    asyncio.run(main())
