"""Fetch a small public document over HTTPS, such as a set of keys: no redirects, bounded in time and size."""

from urllib.parse import urlsplit

import aiohttp

LARGEST = 256 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=5)


class DocumentUnavailable(Exception):
    """The document could not be fetched; the message says which and why."""


async def fetch(url: str) -> bytes:
    """Return the document at an address. Raises: DocumentUnavailable."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "localhost", "::1"}:
        raise DocumentUnavailable(f"{url}: keys are fetched over https only")
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise DocumentUnavailable(f"{url} answered {answer.status}")
            return await _bounded(url, answer)
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise DocumentUnavailable(f"{url}: {str(error) or type(error).__name__}") from None


async def _bounded(url: str, answer: aiohttp.ClientResponse) -> bytes:
    content = bytearray()
    async for part in answer.content.iter_chunked(16 * 1024):
        content += part
        if len(content) > LARGEST:
            raise DocumentUnavailable(f"{url} is larger than {LARGEST} bytes")
    return bytes(content)
