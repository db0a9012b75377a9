"""`python -m deploy.local.slackline`: serve the Slack stand-in until SIGTERM, SIGINT or the end of its parent."""

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
            temporary = port_file.with_name(port_file.name + ".new")  # a reader finds the whole number or no file
            temporary.write_text(endpoint.rpartition(":")[2], encoding="ascii")
            temporary.replace(port_file)
        print(f"Slack's stand-in: api_url {endpoint}/api/, token {TOKEN}, webhook {endpoint}{WEBHOOK_PATH}", flush=True)
        while not stop.is_set() and parent in {None, os.getppid()}:
            try:
                async with asyncio.timeout(PARENT_CHECKED_EVERY):
                    await stop.wait()
            except TimeoutError:
                continue


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m deploy.local.slackline", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="port to listen on; 0 chooses a free one")
    parser.add_argument("--port-file", type=Path, help="file to write the port number to once the server listens")
    parser.add_argument("--parent-pid", type=int, help="end when this process is no longer the parent")
    arguments = parser.parse_args()
    asyncio.run(serve(port=arguments.port, port_file=arguments.port_file, parent=arguments.parent_pid))


if __name__ == "__main__":
    main()
