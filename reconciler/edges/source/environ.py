"""The environment variables of a Git command, from an allow-list.

The daemon's other variables are not for Git and what it starts (ssh, a program that is asked for a password): tokens,
AWS keys, and switches such as GIT_SSL_NO_VERIFY. A command that only reads objects gets no password either, and may
start nothing: no protocol is allowed, and an object that is missing is not fetched (GIT_NO_LAZY_FETCH and
GIT_ALLOW_PROTOCOL in git(1); the former is in 2.39.4 and later, the latter stops older ones too). The one program that
it may start is GnuPG, for signatures: that of PATH (gpg.program in git-config(1)), with the keyring of the daemon.
"""

import os
from collections.abc import Iterator, Mapping

PROTOCOLS = ("https", "ssh", "file", "git")
_LOCAL = frozenset({"PATH", "TMPDIR", "LANG", "LC_ALL", "TZ", "GNUPGHOME"})
_REMOTE = frozenset({
    "HOME", "USER", "LOGNAME", "SSL_CERT_FILE", "SSL_CERT_DIR", "KRB5CCNAME",
    "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "https_proxy", "all_proxy", "no_proxy",
    "GIT_ASKPASS", "GIT_USERNAME", "GIT_PASSWORD", "GIT_SSL_CAINFO", "GIT_SSL_CAPATH", "GIT_PROXY_SSL_CAINFO",
    "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSH_VARIANT", "SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE",
})  # fmt: skip
_NO_CONFIGURATION = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": "/dev/null"}
_ALWAYS = {
    "GIT_CONFIG_PARAMETERS": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_NO_LAZY_FETCH": "1",
}
_SETTINGS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "gc.auto": "0",
    "gpg.program": "gpg",
    "protocol.ext.allow": "never",
}


def local(base: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of a command that reads or writes a repository on this machine."""
    return of_user(_chosen(base, _LOCAL)) | _NO_CONFIGURATION


def of_user(base: Mapping[str, str]) -> dict[str, str]:
    """Return the same for a command in the folder of a user, whose own configuration says which owners are trusted."""
    chosen = _chosen(base, _LOCAL | {"HOME", "XDG_CONFIG_HOME"})
    return chosen | _ALWAYS | _numbered(_SETTINGS) | {"GIT_ALLOW_PROTOCOL": "none"}


def remote(base: Mapping[str, str], *, url: str, seconds: int) -> dict[str, str]:
    """Return the variables of a command that speaks to a remote. They carry its URL: all users read command lines."""
    settings = _SETTINGS | {
        "http.lowSpeedLimit": "1000",
        "http.lowSpeedTime": str(seconds),
        "remote.origin.url": url,
    }
    asking = {
        "GIT_SSH_COMMAND": f"ssh -o BatchMode=yes -o ConnectTimeout={seconds} -o ServerAliveInterval={seconds}",
        "GIT_ASKPASS": "",
        "SSH_ASKPASS": "",
    }
    protocols = {"GIT_ALLOW_PROTOCOL": ":".join(PROTOCOLS)}
    chosen = _chosen(base, _LOCAL | _REMOTE)
    return asking | chosen | _ALWAYS | _NO_CONFIGURATION | _numbered(settings) | protocols


def hidden(variables: Mapping[str, str]) -> Iterator[str]:
    """Yield the names of the variables of this process that are not among those of a command."""
    return (name for name in os.environ if name not in variables)


def _chosen(base: Mapping[str, str], names: frozenset[str]) -> dict[str, str]:
    path = {"PATH": os.environ.get("PATH", os.defpath)}
    return path | {name: value for name, value in base.items() if name in names}


def _numbered(settings: Mapping[str, str]) -> dict[str, str]:
    """Return settings as variables, which win over every configuration file, see GIT_CONFIG_COUNT in git-config(1)."""
    numbered = {f"GIT_CONFIG_KEY_{number}": name for number, name in enumerate(settings)}
    numbered |= {f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(settings.values())}
    return numbered | {"GIT_CONFIG_COUNT": str(len(settings))}
