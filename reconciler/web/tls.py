"""TLS with a certificate of one's own, read again when its files change, so that a renewal needs no restart.

A context that is given a new certificate uses it for the handshakes that follow (ssl.SSLContext.load_cert_chain). The
pair is tried in a context of its own first: half of a renewal leaves the certificate that works.
"""

import asyncio
import contextlib
import logging
import os
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

_EVERY = 10.0

_log = logging.getLogger(__name__)
_Stamp = tuple[tuple[int, int, int], ...]


class CertificateUnusable(Exception):
    """The certificate or its key cannot be read, or they do not belong together."""


@dataclass(slots=True)
class Certificate:
    """A certificate chain and its key, in files; `context` is what the server uses."""

    certificate: Path
    key: Path
    context: ssl.SSLContext = field(default_factory=lambda: _new_context())
    _stamp: _Stamp = ()

    def load(self) -> None:
        """Read both files. Raises: CertificateUnusable."""
        stamp = self._stamp_now()
        try:
            for context in (_new_context(), self.context):
                context.load_cert_chain(self.certificate, self.key, password=_no_password)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
            reason = error.strerror or type(error).__name__ if isinstance(error, OSError) else str(error)
            message = f"http.tls: {self.certificate} and {self.key} cannot be used: {reason}"
            raise CertificateUnusable(message) from None
        self._stamp = stamp

    def reload_if_changed(self) -> bool:
        """Read the files again if they changed; a pair that cannot be used is logged and left. Returns whether read."""
        if self._stamp_now() == self._stamp:
            return False
        try:
            self.load()
        except CertificateUnusable as error:
            _log.warning("certificate not renewed", extra={"reason": str(error)})
            return False
        _log.info("certificate renewed", extra={"path": str(self.certificate)})
        return True

    @contextlib.asynccontextmanager
    async def watched(self) -> AsyncIterator[None]:
        """Read the files again when they change, until the block ends."""
        task = asyncio.create_task(self._watch())
        try:
            yield
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(_EVERY)
            self.reload_if_changed()

    def _stamp_now(self) -> _Stamp:
        with contextlib.suppress(OSError):
            found = (os.stat(path) for path in (self.certificate, self.key))
            return tuple((item.st_mtime_ns, item.st_size, item.st_ino) for item in found)
        return ()


def _new_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def _no_password() -> str:
    raise ValueError("the key is encrypted: store it without a password, readable by the daemon only")
