"""Git commands with a time-out on a bare repository or a work tree, and the files of one commit.

GitPython runs the commands and reads the objects. It leaks in long processes, so a `Repo` is opened, used and closed
within one call and no attribute of it is passed on; its option keywords are not used, argument lists are written out.
All functions block and are called in a thread.

    GitFailed
        UnusableContent    the commit exists, but its content is not accepted
"""

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote

import git

from desired_state.tree import Tree
from reconciler.core.wording import shortened

LARGEST_FILE = 1024 * 1024
LARGEST_TOTAL = 64 * 1024 * 1024
MOST_FILES = 10_000
_PROTOCOLS = ("https", "ssh", "file", "git")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://", re.IGNORECASE)
_USERINFO = re.compile(r"([a-z][a-z0-9+.-]*://)[^/\s]*@", re.IGNORECASE)
_SHORTEST_SECRET = 6  # redacting a shorter one would damage ordinary words
_BRANCH = re.compile(r"(?!.*(//|\.\.|@\{|\.lock(/|$)|/\.|\.$|/$))[A-Za-z0-9_][A-Za-z0-9_./+@#=-]{0,199}")
_REVISION = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+@#=~^-]{0,199}")
_COMMIT = re.compile(r"[0-9a-f]{40}([0-9a-f]{24})?")
_SYMLINK, _SUBMODULE = "120000", "160000"


class GitFailed(Exception):
    """A Git command failed; the message holds no credentials."""


class UnusableContent(GitFailed):
    """The commit holds a symlink, a submodule, or too much."""


@dataclass(frozen=True, slots=True)
class Access:
    """The time-out of every Git command, and the environment it gets (credential helpers, an SSH command)."""

    timeout: timedelta
    environment: Mapping[str, str] = field(default_factory=dict)

    def variables(self, directory: Path, url: str | None) -> dict[str, str]:
        """Return the environment of one command. It carries the URL, because every user can read command lines."""
        seconds = max(1, int(self.timeout.total_seconds()))
        settings = {
            "core.hooksPath": "/dev/null",
            "core.fsmonitor": "false",
            "safe.directory": "*",
            "gc.auto": "0",
            "http.lowSpeedLimit": "1000",
            "http.lowSpeedTime": str(seconds),
            "protocol.ext.allow": "never",
            **({"remote.origin.url": url} if url is not None else {}),
        }
        numbered = {f"GIT_CONFIG_KEY_{number}": name for number, name in enumerate(settings)}
        numbered |= {f"GIT_CONFIG_VALUE_{number}": value for number, value in enumerate(settings.values())}
        return {
            "GIT_SSH_COMMAND": f"ssh -o BatchMode=yes -o ConnectTimeout={seconds} -o ServerAliveInterval={seconds}",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            **self.environment,
            **numbered,
            "GIT_CONFIG_COUNT": str(len(settings)),
            "GIT_CONFIG_PARAMETERS": "",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_GLOBAL": "/dev/null",
            "GIT_ALLOW_PROTOCOL": ":".join(_PROTOCOLS),
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_OPTIONAL_LOCKS": "0",
            "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_DIR": str(directory),
        }


class Entry(NamedTuple):
    """One line of `ls-tree`."""

    mode: str
    id: str
    size: int
    path: str


def check_url(url: str) -> str:
    """Return the URL if Git may fetch from it. Raises: GitFailed."""
    scheme = _SCHEME.match(url)
    allowed = scheme is None or scheme[1].lower() in _PROTOCOLS
    if not url or url.startswith("-") or "::" in url or not url.isprintable() or not allowed:
        raise GitFailed(f"{redacted(url, url)!r} is not a Git URL that is accepted (use {', '.join(_PROTOCOLS)})")
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


def run(directory: Path, *arguments: str, access: Access, url: str | None = None) -> bytes:
    """Run one Git command on a repository and return its output. Raises: GitFailed, also for a time-out."""
    try:
        return git.Git(directory).execute(
            ["git", *arguments],
            kill_after_timeout=access.timeout.total_seconds(),
            env=access.variables(directory, url),
            stdout_as_string=False,
            strip_newline_in_stdout=False,
        )
    except git.exc.GitCommandError as error:
        raise GitFailed(f"git {arguments[0]}: {_reason(error, url)}") from None  # GitPython's own text holds URLs
    except (git.exc.GitCommandNotFound, OSError) as error:
        raise GitFailed(f"git cannot be run: {type(error).__name__}") from None


def git_directory(path: Path) -> Path | None:
    """Return the Git directory of a work tree or a bare repository; None when the path is not a repository."""
    try:
        with closing(git.Repo(path, expand_vars=False)) as repo:
            return Path(repo.git_dir).absolute()
    except (git.exc.InvalidGitRepositoryError, git.exc.NoSuchPathError):
        return None


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


def committed_at(directory: Path, commit: str, *, access: Access) -> datetime:
    """Return the commit time. Raises: GitFailed."""
    answer = run(directory, "show", "-s", "--format=%ct", "--end-of-options", commit, access=access)
    return datetime.fromtimestamp(int(answer), UTC)


def manifests(directory: Path, commit: str, path: str, *, access: Access) -> Mapping[str, bytes]:
    """Return every YAML file below a path of that commit, keyed by its path from there. Raises: GitFailed.

    A file over the size limit is cut one byte past it, so that its reader refuses it and the others are still read.
    """
    chosen = [entry for entry in _entries(directory, commit, path, access) if is_manifest(entry.path)]
    return _read(directory, commit, chosen, what="manifests", access=access)


def terraform_files(directory: Path, commit: str, path: str, *, access: Access) -> Tree:
    """Return all files below a path of that commit, keyed as in `manifests`, without dot-folders. Raises: GitFailed."""
    chosen = [entry for entry in _entries(directory, commit, path, access) if not _is_hidden(entry.path)]
    for entry in chosen:
        if entry.size > LARGEST_FILE:
            raise UnusableContent(f"{entry.path} is larger than {LARGEST_FILE // 1024 // 1024} MiB")
    return _read(directory, commit, chosen, what="Terraform files", access=access)


def _read(directory: Path, commit: str, chosen: list[Entry], *, what: str, access: Access) -> Mapping[str, bytes]:
    if sum(min(entry.size, LARGEST_FILE) for entry in chosen) > LARGEST_TOTAL:
        raise UnusableContent(f"the {what} are larger than {LARGEST_TOTAL // 1024 // 1024} MiB together")
    with closing(git.Repo(directory, expand_vars=False)) as repo:
        repo.git.update_environment(**access.variables(directory, None))
        try:
            return {entry.path: _content(repo, entry) for entry in chosen}
        except (OSError, ValueError, git.exc.GitError, git.exc.ODBError) as error:
            raise GitFailed(f"the commit {commit} cannot be read: {shortened(redacted(str(error)), 200)}") from None


def is_manifest(path: str) -> bool:
    """Return True for YAML files outside of dot-folders."""
    pure = PurePosixPath(path)
    return pure.suffix in {".yaml", ".yml"} and not any(part.startswith(".") for part in pure.parts)


def _content(repo: git.Repo, entry: Entry) -> bytes:
    stream = repo.odb.stream(bytes.fromhex(entry.id))
    content: bytes = stream.read(LARGEST_FILE + 1)
    while stream.read(LARGEST_FILE):  # the stream of the next object begins where this one ends
        pass
    return content


def _entries(directory: Path, commit: str, path: str, access: Access) -> list[Entry]:
    """Return the files below the path, relative to it.

    Raises: GitFailed, UnusableContent for symlinks, submodules, too many files, or none below a folder.
    """
    base = PurePosixPath(path)
    if base.is_absolute() or ".." in base.parts:
        raise GitFailed(f"the path {path!r} leaves the repository")
    folder = "" if base == PurePosixPath() else f"{base}/"
    pathspec = [folder] if folder else []
    listing = run(
        directory,
        "--literal-pathspecs",
        "ls-tree",
        "-r",
        "-z",
        "-l",
        "--full-tree",
        commit,
        "--",
        *pathspec,
        access=access,
    )
    entries: list[Entry] = []
    for entry in _parsed(listing, folder):
        _check_kind(entry)
        entries.append(entry)
        if len(entries) > MOST_FILES:
            raise UnusableContent(f"there are more than {MOST_FILES} files below {path!r}")
    if folder and not entries:
        raise UnusableContent(f"there is no folder {path!r} in commit {commit}")
    return entries


def _parsed(listing: bytes, folder: str) -> Iterator[Entry]:
    for line in listing.split(b"\0"):
        if line:
            facts, _, name = line.partition(b"\t")
            mode, _, object_id, size = facts.decode().split()
            path = name.decode("utf-8", "surrogateescape").removeprefix(folder)
            yield Entry(mode, object_id, int(size) if size.isdigit() else 0, path)


def _check_kind(entry: Entry) -> None:
    if _is_hidden(entry.path):
        return
    if entry.mode == _SYMLINK:
        raise UnusableContent(f"{entry.path} is a symlink: only plain files are accepted")
    if entry.mode == _SUBMODULE:
        raise UnusableContent(f"{entry.path} is a submodule: everything must be in the repository itself")


def _is_hidden(path: str) -> bool:
    return any(part.startswith(".") for part in PurePosixPath(path).parts[:-1])


def _reason(error: git.exc.GitCommandError, url: str | None) -> str:
    """Return Git's own words, without GitPython's frame and without credentials."""
    text = str(error.stderr or error).strip()
    text = text.removeprefix("stderr:").strip().strip("'")
    return shortened(redacted(" ".join(text.split()), url), 300)
