"""Who a provider process is, and so which runs may share it.

Two runs with the same HCL and other credentials are indistinguishable on the wire; a shared process would act in the
first one's account. So a process is chosen by a key, and the rule is: everything that can change what the provider
does is in the key, and everything the process gets is a function of the key. Its environment holds only what is
chosen here; the files that this environment and the configuration name count by their content.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

_NAMES = frozenset({
    "HOME", "USERPROFILE", "USER", "LOGNAME", "PATH", "TMPDIR", "TZ",
    "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "GODEBUG", "TF_APPEND_USER_AGENT",
})  # fmt: skip
_PREFIXES = ("AWS_", "TF_AWS_")
# Left out even where everything counts: they differ from one shell, or one run, to the next and mean nothing.
_PASSING = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "WINDOWID", "TERM_SESSION_ID"})
_SESSION_EXPIRY = "AWS_CREDENTIAL_EXPIRATION"

# Resources that read a file of the working directory themselves (`filename`, `source`, `zip_file`): a process that
# serves them works in that directory and is not shared with another one.
FILE_READERS = frozenset({
    "aws_lambda_function", "aws_lambda_layer_version", "aws_s3_object", "aws_s3_bucket_object", "aws_gamelift_script",
    "aws_synthetics_canary",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """What a provider process is started with. `directory` is its working directory; None is an empty one.

    `binary` is the file to start, `package` names its content: two paths of one package are one place.
    """

    binary: str
    package: str
    environment: tuple[tuple[str, str], ...]
    directory: str | None = None

    @property
    def key(self) -> str:
        """The same for places that are interchangeable."""
        pairs = (part for pair in self.environment for part in pair)
        return _digest("place", self.package, self.directory or "", *pairs)

    @property
    def expires(self) -> datetime | None:
        """When static session credentials in the environment end."""
        text = dict(self.environment).get(_SESSION_EXPIRY)
        if not text:
            return None
        try:
            moment = datetime.fromisoformat(text)
        except ValueError:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Configured:
    """A place, the files that count, and one request: `Configure` makes it the identity of a process."""

    place: Place
    files: tuple[tuple[str, str], ...]
    request: bytes

    def key(self, method: str) -> str:
        """The key of an answer to `method`; the key for `Configure` chooses the process."""
        pairs = (part for pair in self.files for part in pair)
        return _digest(method, self.place.key, hashlib.sha256(self.request).hexdigest(), *pairs)


def provider_environment(environment: Mapping[str, str], *, whole: bool = False) -> tuple[tuple[str, str], ...]:
    """What of a run's environment its provider gets, in one order.

    `whole` is for a provider that starts programs (`credential_process`), which may read anything: all but
    terraform's own variables.
    """
    return tuple(
        sorted(
            (name, value)
            for name, value in environment.items()
            if name in _NAMES
            or name.startswith(_PREFIXES)
            or (whole and name not in _PASSING and not name.startswith("TF_"))
        )
    )


def works_in_directory(words: Iterable[str] | None) -> bool:
    """True when a run with these words may read files of its working directory through the provider."""
    return words is None or not FILE_READERS.isdisjoint(words)


def _digest(*parts: str) -> str:
    """A digest of texts that no other sequence of texts has."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", errors="surrogateescape")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()
