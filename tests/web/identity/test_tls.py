"""TLS with certificates of a made-up authority, and their renewal while the server runs."""

import asyncio
import ssl
from pathlib import Path

import aiohttp
import pytest
import trustme

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
    certificate = Certificate(tmp_path / "cert.pem", tmp_path / "key.pem")
    certificate.load()
    async with Api().running(tmp_path, tls=certificate.context) as api:
        connector = aiohttp.TCPConnector(ssl=trusted)
        head = {"Authorization": f"Bearer {ANN}"}
        async with (
            aiohttp.ClientSession(connector=connector) as session,
            session.post(api.base + SUSPEND, headers=head) as answer,
        ):
            assert answer.status == 200
        first = await shown(api)
        assert certificate.reload_if_changed() is False
        issue(authority, tmp_path)
        assert certificate.reload_if_changed() is True
        second = await shown(api)
        assert second != first
        (tmp_path / "key.pem").write_text("half of a renewal")
        assert certificate.reload_if_changed() is False
        assert "certificate not renewed" in caplog.text
        assert await shown(api) == second


def test_a_certificate_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    authority = trustme.CA()
    issue(authority, tmp_path)
    (tmp_path / "key.pem").write_bytes(authority.issue_cert("other").private_key_pem.bytes())
    for certificate in (tmp_path / "cert.pem", tmp_path / "nothing.pem"):
        with pytest.raises(CertificateUnusable, match=certificate.name):
            Certificate(certificate, tmp_path / "key.pem").load()
