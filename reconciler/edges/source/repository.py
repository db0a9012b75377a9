"""Git commands with a time-out on a bare repository or a work tree.

GitPython runs the commands. Its `Repo` is not used: it leaks in long processes, and reads the configuration of a
directory. Nor are its option keywords: argument lists are written out. All functions block and are called in a thread.

    GitFailed
        UnusableContent    the commit exists, but its content is not accepted
"""

import re
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.parse import unquote

import git

from desired_state.files.tree import shown
from reconciler.core.wording import shortened
from reconciler.edges.source import environ
from reconciler.edges.source.environ import PROTOCOLS

_THIS_MACHINE = re.compile(r"git://(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d+)?/.*", re.IGNORECASE)
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_USERINFO = re.compile(r"([a-z][a-z0-9+.-]*://)[^/\s]*@", re.IGNORECASE)
_SHORTEST_SECRET = 6  # redacting a shorter one would damage ordinary words
_BRANCH = re.compile(r"(?!.*(//|\.\.|@\{|\.lock(/|$)|/\.|\.$|/$))[A-Za-z0-9_][A-Za-z0-9_./+@#=-]{0,199}")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@#=~^-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_LONGEST_MESSAGE = 300
_SHA256_DIGITS = 64


class GitFailed(Exception):
    """A Git command failed; the message holds no credentials."""


class UnusableContent(GitFailed):
    """The commit holds a symlink, a submodule, or too much: asking again would not help."""


@dataclass(frozen=True, slots=True)
class Access:
    """The time-out of every Git command, and the environment that some of its variables are taken from."""

    timeout: timedelta
    environment: Mapping[str, str] = field(default_factory=dict)

    def variables(self, directory: Path, url: str | None) -> dict[str, str]:
        """Return the environment of one command, with access to a remote if it is given its URL."""
        seconds = max(1, int(self.timeout.total_seconds()))
        base = self.environment
        chosen = environ.local(base) if url is None else environ.remote(base, url=url, seconds=seconds)
        return chosen | {"GIT_DIR": str(directory)}


def check_url(url: str) -> str:
    """Return the URL if Git may fetch from it. Raises: GitFailed."""
    scheme = _SCHEME.match(url)
    allowed = scheme is None or scheme[1].lower() in PROTOCOLS
    if not url or url.startswith("-") or "::" in url or not url.isprintable() or not allowed:
        raise GitFailed(f"{redacted(url, url)!r} is not a Git URL that is accepted (use https, ssh or file)")
    if scheme and scheme[1].lower() == "git" and not _THIS_MACHINE.fullmatch(url):
        raise GitFailed(
            f"{redacted(url, url)!r} is not a Git URL that is accepted: git:// proves neither who answers nor what was "
            "sent, so anybody on the way could decide what is applied (use https or ssh)"
        )
    return url


def check_branch(branch: str) -> str:
    """Return the branch if it is a plain name. Raises: GitFailed."""
    if not _BRANCH.fullmatch(branch):
        raise GitFailed(f"{branch!r} is not a branch name")
    return branch


def redacted(text: str, url: str | None = None) -> str:
    """Return the text without credentials: those of any URL in it, and those of `url` wherever they occur."""
    for secret in credentials(url or ""):
        text = text.replace(secret, "…")
    return _USERINFO.sub(r"\1…@", text)


def credentials(url: str) -> tuple[str, ...]:
    """Return the secrets of a URL, longest first: user and password together, the password, and the query's values.

    A password may hold what a URL should not, such as `/` or `@`.
    """
    scheme_name, scheme, rest = url.partition("://")
    address, _, query = rest.partition("?")
    userinfo = address.rpartition("@")[0] if scheme else ""
    user, _, password = userinfo.partition(":")
    token = user if scheme_name.lower().startswith("http") else ""  # ssh://git@host
    secrets = {
        userinfo if password else token,
        password,
        *password.split("/"),
        *(part.partition("=")[2] for part in query.split("&")),
    }
    secrets |= {unquote(secret) for secret in secrets}
    return tuple(sorted((one for one in secrets if len(one) >= _SHORTEST_SECRET), key=len, reverse=True))


def run(directory: Path, *arguments: str, access: Access, url: str | None = None, stdin: bytes = b"") -> bytes:
    """Run one Git command on a repository and return its output. Raises: GitFailed, also for a time-out.

    GitPython adds all variables of this process, so env(1) takes away again what is not on the list."""
    variables = access.variables(directory, url)
    taken = [part for name in environ.hidden(variables) for part in ("-u", name)]
    try:
        with tempfile.TemporaryFile() as file:
            file.write(stdin)
            file.seek(0)
            return git.Git(directory).execute(
                ["env", *taken, "git", *arguments],
                istream=file,
                kill_after_timeout=access.timeout.total_seconds(),
                env=variables,
                stdout_as_string=False,
                strip_newline_in_stdout=False,
            )
    except git.exc.GitCommandError as error:
        command = next(argument for argument in arguments if not argument.startswith("-"))
        raise GitFailed(f"git {command}: {_reason(error, url)}") from None  # GitPython's own text holds URLs
    except (git.exc.GitCommandNotFound, OSError) as error:
        raise GitFailed(f"git cannot be run: {type(error).__name__}") from None


def git_directory(path: Path) -> Path | None:
    """Return the Git directory of a work tree or a bare repository; None when the path is not a repository.

    See gitrepository-layout(5). Nothing in it is read but the file that a linked work tree has in its place."""
    for found in (path / ".git", path):
        if found.is_file():
            kind, _, place = found.read_text(errors="replace").partition(": ")
            found = path / place.strip() if kind == "gitdir" else found
        if (found / "HEAD").is_file() and ((found / "objects").is_dir() or (found / "commondir").is_file()):
            return found.absolute()
    return None


def create(directory: Path, *, access: Access, url: str) -> None:
    """Make an empty bare repository for the objects of the remote: with SHA-256 names where the remote has those.

    Raises: GitFailed.
    """
    found = run(directory, "ls-remote", "--quiet", "origin", access=access, url=url)
    names = "sha256" if len(found.partition(b"\t")[0]) == _SHA256_DIGITS else "sha1"
    run(directory, "init", "--quiet", "--bare", "--template=", f"--object-format={names}", access=access)


def check_soundness(directory: Path, *, access: Access) -> None:
    """Check that all objects of every reference exist. Raises: GitFailed, also for a reference that leads nowhere."""
    run(directory, "fsck", "--connectivity-only", "--no-dangling", "--no-progress", access=access)


def resolve(directory: Path, revision: str, *, access: Access) -> str:
    """Return the full id of a commit. Raises: GitFailed."""
    if not _REVISION.fullmatch(revision):
        raise GitFailed(f"{revision!r} is not a revision")
    argument = f"{revision}^{{commit}}"
    try:
        answer = run(directory, "rev-parse", "--verify", "--quiet", "--end-of-options", argument, access=access)
    except GitFailed:
        raise GitFailed(f"there is no commit {revision!r}") from None
    commit = answer.decode().strip()
    if not _COMMIT.fullmatch(commit):
        raise GitFailed(f"there is no commit {revision!r}")
    return commit


def is_commit(text: str) -> bool:
    """Return True for the full id of a commit."""
    return _COMMIT.fullmatch(text) is not None


def _reason(error: git.exc.GitCommandError, url: str | None) -> str:
    """Return Git's own words, without GitPython's frame and without credentials."""
    text = str(error.stderr or error).strip()
    text = text.removeprefix("stderr:").strip().strip("'")
    return shortened(redacted(shown(" ".join(text.split())), url), _LONGEST_MESSAGE)
