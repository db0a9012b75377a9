"""The peer of the unix socket, named by the kernel: the daemon's own account, and a real second one."""

import asyncio
import json
import os
import pwd
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from reconciler.core.principal import Grant, Role
from tests.patience import PATIENCE
from tests.web.identity.api import PEOPLE, SUSPEND, Api

OTHER = "nobody"
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become a second account")
_ASK = """
import http.client, os, socket, sys
import encodings.idna
os.setgroups([])
os.setgid(int(sys.argv[4]))
os.setuid(int(sys.argv[3]))
for _ in range(int(sys.argv[5])):
    connection = http.client.HTTPConnection("localhost")
    connection.sock = socket.socket(socket.AF_UNIX)
    connection.sock.connect(sys.argv[1])
    connection.request("POST", sys.argv[2], '{"by": "root"}', {"Content-Type": "application/json"})
    answer = connection.getresponse()
    said = answer.read().decode()
print(answer.status, said)
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """Return a folder that every account may enter."""
    with tempfile.TemporaryDirectory() as made:
        os.chmod(made, 0o755)  # noqa: S103 - that is what the test is about
        yield Path(made)


async def as_other(path: Path, *, times: int = 1) -> tuple[int, Any]:
    """Ask to suspend orders as another account. Returns the last status, 0 without access, and body."""
    other = pwd.getpwnam(OTHER)
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", _ASK, str(path), SUSPEND, str(other.pw_uid), str(other.pw_gid), str(times),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd="/",
    )  # fmt: skip
    out, err = await asyncio.wait_for(child.communicate(), PATIENCE)
    if b"PermissionError" in err:
        return 0, None
    status, _, body = out.decode().partition(" ")
    return int(status), json.loads(body)


async def test_the_daemons_own_account_may_do_everything_and_is_no_person_unless_it_is_configured_as_one(
    tmp_path: Path,
) -> None:
    own = pwd.getpwuid(os.geteuid()).pw_name
    people = replace(PEOPLE, people={**PEOPLE.people, own: replace(PEOPLE.people["ben"], name=own)})
    for known, personal in ((PEOPLE, False), (people, True)):
        async with Api().running(tmp_path, people=known) as api:
            connector = aiohttp.UnixConnector(str(api.path))
            async with aiohttp.ClientSession(connector=connector) as session:
                asked = session.post(f"http://anything{SUSPEND}", headers={"Authorization": "Bearer guess"})
                async with asked as answer:
                    assert answer.status == 200
        by = api.control.asked[0][2]
        assert (by.name, by.proof, by.personal, by.grants) == (own, "socket", personal, (Grant(Role.ADMIN),))


@needs_root
async def test_another_account_cannot_open_the_socket_unless_accounts_have_roles(folder: Path) -> None:
    async with Api().running(folder) as api:
        assert await as_other(api.path) == (0, None)


@needs_root
@pytest.mark.parametrize(("role", "status"), [(None, 403), (Role.READ, 403), (Role.OPERATE, 200)])
async def test_another_account_has_the_role_that_is_configured_for_it_whatever_it_says(
    folder: Path, role: Role | None, status: int
) -> None:
    people = replace(PEOPLE, accounts={OTHER: (Grant(role),)} if role else {})
    async with Api().running(folder, people=people, for_accounts=True) as api:
        answered, body = await as_other(api.path)
        assert answered == status
        if role is None:
            assert (api.causes, OTHER in body["error"]["message"]) == (["account"], True)
            answered, _ = await as_other(api.path, times=20)
            assert answered == 429
            connector = aiohttp.UnixConnector(str(api.path))
            async with aiohttp.ClientSession(connector=connector) as session, session.get("http://x/readyz") as own:
                assert own.status == 200, "another account locked the daemon's own one out"
        for _, _, by in api.control.asked:
            assert (by.name, by.proof, by.personal, by.claimed) == (OTHER, "socket", True, "root")


@needs_root
async def test_root_may_do_what_the_account_of_the_daemon_may(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Api().running(folder) as api:
        monkeypatch.setattr("reconciler.web.peer.os.geteuid", lambda: 54321)
        connector = aiohttp.UnixConnector(str(api.path))
        async with aiohttp.ClientSession(connector=connector) as own, own.post(f"http://localhost{SUSPEND}") as answer:
            assert answer.status == 200
