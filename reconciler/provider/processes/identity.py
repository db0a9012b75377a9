"""The identity of a provider process, which decides the runs that may share it.

Two runs with the same HCL and different credentials are indistinguishable on the wire, and on a shared process both
would act in the account of the first. So a process is chosen by a key: everything that can change the provider's
behaviour is part of the key, and everything that the process gets is a function of the key. Its environment has only
the variables selected here; the files that these variables and the configuration name count with their content.
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
# Left out even from a whole environment: they differ between shells or runs, and no provider depends on them.
_PER_SHELL = frozenset({"PWD", "OLDPWD", "SHLVL", "_", "COLUMNS", "LINES", "WINDOWID", "TERM_SESSION_ID"})
_SESSION_EXPIRY = "AWS_CREDENTIAL_EXPIRATION"

# Resources that read a file of the working directory (`filename`, `source`, `zip_file`): a process that serves them
# works in that directory and is not shared with other directories.
FILE_READERS = frozenset({
    "aws_lambda_function", "aws_lambda_layer_version", "aws_s3_object", "aws_s3_bucket_object", "aws_gamelift_script",
    "aws_synthetics_canary",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Place:
    """The binary, environment and working directory of a provider process; `directory` None is an empty directory.

    `binary` is the file to start and `package` the hash of its content: two paths of one package are the same place.
    """

    binary: str
    package: str
    environment: tuple[tuple[str, str], ...]
    directory: str | None = None

    @property
    def key(self) -> str:
        """Return a digest that is equal for interchangeable places; the path of the binary is not part of it."""
        pairs = (part for pair in self.environment for part in pair)
        return _digest("place", self.package, self.directory or "", *pairs)

    @property
    def expires(self) -> datetime | None:
        """Return the expiry of session credentials in the environment; None without them, or if it is not a time."""
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
    """A place, the relevant files and one request. With the request `Configure` it is the identity of a process."""

    place: Place
    files: tuple[tuple[str, str], ...]
    request: bytes

    def key(self, method: str) -> str:
        """Return the cache key of the response to `method`; the key for `Configure` selects the process."""
        pairs = (part for pair in self.files for part in pair)
        return _digest(method, self.place.key, hashlib.sha256(self.request).hexdigest(), *pairs)


def provider_environment(environment: Mapping[str, str], *, whole: bool = False) -> tuple[tuple[str, str], ...]:
    """Select the part of a run's environment that its provider gets, sorted by name.

    `whole` is for a provider that starts programs (`credential_process`), which may read any variable: it selects
    everything except terraform's own variables.
    """
    return tuple(
        sorted(
            (name, value)
            for name, value in environment.items()
            if name in _NAMES
            or name.startswith(_PREFIXES)
            or (whole and name not in _PER_SHELL and not name.startswith("TF_"))
        )
    )


def works_in_directory(words: Iterable[str] | None) -> bool:
    """Return whether the provider may read files of the working directory for a run with these words."""
    return words is None or not FILE_READERS.isdisjoint(words)


def _digest(*parts: str) -> str:
    """Return a digest of a sequence of texts; lengths are hashed too, so that different sequences differ."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode("utf-8", errors="surrogateescape")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
    return digest.hexdigest()
