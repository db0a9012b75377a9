"""`python -m deploy.local.slackline`: the local Slack on its own, until SIGTERM, SIGINT or its parent's end."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
from pathlib import Path

from deploy.local.slackline.server import serving
from deploy.local.slackline.workspace import TOKEN, WEBHOOK_PATH, Workspace

PARENT_CHECKED_EVERY = 0.5


async def serve(*, port: int, port_file: Path | None, parent: int | None) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(Workspace(), port=port) as endpoint:
        if port_file:
            beside = port_file.with_name(port_file.name + ".new")  # a reader finds the whole number or no file
            beside.write_text(endpoint.rpartition(":")[2], encoding="ascii")
            beside.replace(port_file)
        print(f"Slack's stand-in: api_url {endpoint}/api/, token {TOKEN}, webhook {endpoint}{WEBHOOK_PATH}", flush=True)
        while not stop.is_set() and parent in {None, os.getppid()}:
            try:
                async with asyncio.timeout(PARENT_CHECKED_EVERY):
                    await stop.wait()
            except TimeoutError:
                continue


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.slackline", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--port-file", type=Path, help="gets the port number once it serves")
    parser.add_argument("--parent-pid", type=int, help="end when this process is no longer the parent")
    said = parser.parse_args()
    asyncio.run(serve(port=said.port, port_file=said.port_file, parent=said.parent_pid))


if __name__ == "__main__":
    main()
