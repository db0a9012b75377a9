"""TLS with certificates of a made-up authority, and their renewal while the server runs."""

import asyncio
import contextlib
import ssl
from pathlib import Path

import aiohttp
import pytest
import trustme

from reconciler.app.access import certificate
from reconciler.config.load import load
from reconciler.web.tls import Certificate, CertificateUnusable
from tests.web.identity.api import ANN, SUSPEND, Api


def issue(authority: trustme.CA, folder: Path, name: str = "127.0.0.1") -> None:
    """Write a new certificate and its key."""
    made = authority.issue_cert(name)
    (folder / "key.pem").write_bytes(made.private_key_pem.bytes())
    (folder / "cert.pem").write_bytes(b"".join(part.bytes() for part in made.cert_chain_pems))


async def shown(api: Api) -> str:
    """Return the certificate that a new connection is shown."""
    host, _, port = api.base.removeprefix("https://").partition(":")
    return await asyncio.to_thread(ssl.get_server_certificate, (host, int(port)))


async def test_a_token_travels_over_tls_and_a_renewed_certificate_needs_no_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("reconciler.web.peer.is_loopback", lambda address: False)
    authority, trusted = trustme.CA(), ssl.create_default_context()
    authority.configure_trust(trusted)
    issue(authority, tmp_path)
    own = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    own.load()
    async with Api().running(tmp_path, tls=own.context) as api:
        connector = aiohttp.TCPConnector(ssl=trusted)
        head = {"Authorization": f"Bearer {ANN}"}
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post(api.base + SUSPEND, headers=head) as answer,
        ):
            assert answer.status == 200
        first = await shown(api)
        assert own.reload_if_changed() is False
        issue(authority, tmp_path)
        assert own.reload_if_changed() is True
        second = await shown(api)
        assert second != first
        (tmp_path / "key.pem").write_text("half of a renewal")
        assert own.reload_if_changed() is False
        assert "certificate not renewed" in caplog.text
        assert await shown(api) == second


async def test_the_configured_certificate_is_the_one_that_is_served(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECONCILER_CONFIG", str(tmp_path / "reconciler.yaml"))
    authority = trustme.CA()
    issue(authority, tmp_path)
    (tmp_path / "reconciler.yaml").write_text("http: {tls: {certificate: cert.pem, key: key.pem}}\n")
    async with contextlib.AsyncExitStack() as stack:
        context = await certificate(load(), stack)
        api = await stack.enter_async_context(Api().running(tmp_path, tls=context))
        assert (await shown(api)).strip() in (tmp_path / "cert.pem").read_text()
    (tmp_path / "key.pem").unlink()
    with pytest.raises(CertificateUnusable, match=r"key\.pem cannot be used: No such file"):
        await certificate(load(), contextlib.AsyncExitStack())


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    authority = trustme.CA()
    issue(authority, tmp_path)
    (tmp_path / "key.pem").write_bytes(authority.issue_cert("other").private_key_pem.bytes())
    for path in (tmp_path / "cert.pem", tmp_path / "nothing.pem"):
        with pytest.raises(CertificateUnusable, match=path.name):
            Certificate(path, tmp_path / "key.pem").load()
