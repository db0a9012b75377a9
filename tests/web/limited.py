"""The API as a process with few descriptors, which starts Git again and again as the daemon does.

Arguments: the number of descriptors and the path of the unix socket. Prints the port; `/metrics` has how many times Git
ran, and how many times it could not."""

import asyncio
import logging
import resource
import sys
from pathlib import Path

from reconciler.core.redaction.redactor import Redactor
from reconciler.edges.process.descriptors import raise_limit
from reconciler.web.api.routes import make_app
from reconciler.web.connections import ConnectionLimits
from reconciler.web.server import serve
from tests.web.control import make_control


async def run(most: int, socket: Path) -> None:
    """Serve until the process is ended."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (most // 2, most))
    limits = ConnectionLimits(most=raise_limit().connections)
    ran = failed = 0
    app = make_app(
        make_control(),
        metrics=lambda: (f"{ran} {failed}".encode(), "text/plain"),
        token=None,
        version="1",
        redact=Redactor(b"a key for tests").value,
    )
    async with serve(app, host="127.0.0.1", port=0, socket=socket, limits=limits) as listening:
        sys.stdout.write(f"{listening.port}\n")
        sys.stdout.flush()
        while True:
            try:
                git = await asyncio.create_subprocess_exec("git", "--version", stdout=asyncio.subprocess.PIPE)
                await git.communicate()
                ran += 1
            except OSError:
                failed += 1
            await asyncio.sleep(0.1)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO)
    asyncio.run(run(int(sys.argv[1]), Path(sys.argv[2])))
