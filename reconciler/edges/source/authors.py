"""The commits that changed files of a repository, with their authors and signers. All functions block.

An author is what the commit says and anybody may write; a signer is believed when Git verifies the signature with a key
that the daemon's keyring trusts (`%G?` is `G`, git-log documentation, "Pretty Formats"). `.mailmap` belongs to the
repository, so it is not asked.
"""

import secrets
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from desired_state.files.tree import shown
from reconciler.core.record.consent import Authorship
from reconciler.edges.source import repository
from reconciler.edges.source.repository import Access

_MOST_COMMITS = 2000
_MOST_PATHS = 500  # in one command line
_MOST_SIGNERS = 100
_LONGEST_NAME = 200


def authors(
    directory: Path, commit: str, folder: str, paths: Collection[str], since: str | None, *, access: Access
) -> Mapping[str, tuple[Authorship, ...]]:
    """Return the commits that changed each path below the folder, the oldest first; a path without any is left out.

    They lead from `since` to `commit`; without `since`, or where that is gone, each path has its last commit only.
    Merges count where they change a file themselves. Raises: GitFailed.
    """
    begin = since if since and _exists(directory, since, access) else None
    names = {str(PurePosixPath(folder) / path): path for path in sorted(paths)}
    found: dict[str, list[Authorship]] = {}
    for number in range(0, len(names), _MOST_PATHS):
        chosen = list(names)[number : number + _MOST_PATHS]
        for author, changed in _log(directory, f"{begin}..{commit}" if begin else commit, chosen, access):
            for path in {names[name] for name in changed if name in names}:
                if begin or path not in found:
                    found.setdefault(path, []).insert(0, author)
    signers = _signers(directory, sorted({each.commit for one in found.values() for each in one}), access)
    return {
        path: tuple(replace(each, signer=signers.get(each.commit)) for each in commits)
        for path, commits in found.items()
    }


def _exists(directory: Path, commit: str, access: Access) -> bool:
    if not repository.is_commit(commit):
        return False
    try:
        repository.run(directory, "cat-file", "-e", f"{commit}^{{commit}}", access=access)
    except repository.GitFailed:
        return False
    return True


def _log(
    directory: Path, span: str, names: Sequence[str], access: Access
) -> Iterator[tuple[Authorship, Sequence[str]]]:
    """Yield commits, the newest first, with the names of the files that they change."""
    mark = secrets.token_hex(16)  # no file has this name
    form = f"--format=tformat:{mark}%x00%H%x00%an%x00%ae"
    options = ("-z", "-c", "--name-only", "--no-renames", f"--max-count={_MOST_COMMITS}", form)
    answer = repository.run(directory, "--literal-pathspecs", "log", *options, span, "--", *names, access=access)
    for part in answer.decode("utf-8", "surrogateescape").split(mark)[1:]:
        _, commit, name, email, *changed = part.split("\0")
        yield Authorship(commit, _text(name), _text(email)), [each.removeprefix("\n") for each in changed]


def _signers(directory: Path, commits: Sequence[str], access: Access) -> Mapping[str, str]:
    """Return the signer of each commit whose signature is good and whose key is trusted."""
    if not commits:
        return {}
    form = "--format=tformat:%H%x00%G?%x00%GS%x00"
    chosen = commits[:_MOST_SIGNERS]
    answer = repository.run(directory, "log", "--no-walk=unsorted", form, *chosen, access=access)
    fields = answer.decode("utf-8", "surrogateescape").split("\0")[:-1]
    rows = zip(fields[::3], fields[1::3], fields[2::3], strict=True)
    return {commit.strip(): _text(signer) for commit, status, signer in rows if status == "G" and signer}


def _text(name: str) -> str:
    return shown(name)[:_LONGEST_NAME]
