"""The part of a Terraform source that one root is given: nothing is filtered out of it.

A root is given its folder and the folders of its local modules, each as Git has it. A file there that may lead
Terraform to other places makes it the whole source: `..` other than in the source of a module that is followed, a path
that is taken apart, or a program. So the id of a root's tree changes whenever something changes that a plan of it can
read, and a change elsewhere makes only those roots due that can look there. ADR 0015 has the reasons and the limits.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from desired_state.files.tree import ROOTS, Executable, Tree, Unavailable, root_names, shown

_CONFIGURATION: Final = (".tf", ".tf.json")
_DOCUMENTATION: Final = (".md", ".terraform.lock.hcl")  # Terraform takes no path from these
# Superset of Terraform's own reading: also what stands in a comment or a heredoc, where following it does no harm.
_SOURCE = re.compile(rb'(?<![\w.-])(?:source\s*=|"source"\s*:)\s*"(\.\.?(?:/[^"\\]*)?)"')
_ELLIPSIS = re.compile(rb"(?<!\.)\.\.\.(?!\.)")
_TAKEN_APART = re.compile(
    rb"\bdirname\s*\(|\b(?:replace|split|substr|regex|regexall|slice|strrev|trim\w*)\s*\([^\n]*?\bpath\.\w+"
    rb"|\\u002[eE]|\\u\{?0*2[eE]\b"
)

_LONGEST_NAME: Final = 255  # bytes, of every file system in use
_LONGEST_PATH: Final = 1024  # leaves room for the workspace's own folder within the kernel's 4,096
_BOTH: Final = "is a file and a folder at once: rename one of them"
_NO_NAME: Final = "has a name that no file can have, or one that is too long: rename it"
_OWN: Final = "is a name that the reconciler writes itself: rename the file"
_STATE: Final = "is a Terraform state: remove it from Git, and import its resources if they still exist"
_DATA: Final = "is what `terraform init` makes anew: remove it from Git"
_AT_THE_TOP: Final = re.compile(
    r"\.lock|\.tree|\.initialised|\.provider-lock|tfplan|moving\.tfstate|[^/]*\.(?:out|err)"
)
_IN_THE_ROOT: Final = {
    "terraform.tfvars.json": _OWN,
    "backend.tfbackend": _OWN,
    "zz_local_state_override.tf": _OWN,
    "zz_adoption.tf": _OWN,
    "zz_adoption.auto.tfvars.json": _OWN,
    "terraform.tfstate": _STATE,
    "terraform.tfstate.backup": _STATE,
}


def reach(files: Tree, root: str) -> Tree:
    """Return the part of a source that `roots/<root>` is given.

    Raises ValueError, naming the path, the reason and what to do, for a root that does not exist and for one of whose
    files something cannot be had as Git has it."""
    if root not in root_names(files):
        raise ValueError(f"there is no folder {ROOTS}/{root} in the Terraform source")
    own = f"{ROOTS}/{root}"
    given = dict(_given(files, own))
    folders = {path[:end] for path in given for end, letter in enumerate(path) if letter == "/"}
    for path in sorted(given):
        if reason := _BOTH if path in folders else _refusal(path, given[path], own):
            raise ValueError(f"{shown(path)} {reason}")
    return dict(sorted(given.items()))


def _given(files: Tree, own: str) -> Tree:
    """Return the files of the root and its modules; all files as soon as one of those may lead elsewhere."""
    found: dict[str, bytes] = {}
    waiting = [own]
    visited: set[str] = set()
    while waiting:
        folder = waiting.pop()
        if folder in visited:
            continue
        visited.add(folder)
        for path, content in _below(files, folder):
            modules = list(_modules(files, path, content, own))
            if _leads_elsewhere(path, content, modules):
                return files
            found[path] = content
            waiting += (folder for _, folders in modules for folder in folders)
    return found


def _below(files: Tree, folder: str) -> Iterator[tuple[str, bytes]]:
    yield from ((path, content) for path, content in files.items() if path.startswith(f"{folder}/"))


def _modules(files: Tree, path: str, content: bytes, own: str) -> Iterator[tuple[bytes, list[str]]]:
    """Yield each local source that leads to folders of the tree, as it is written, with those folders.

    A module's source is relative to its file, and another argument of that name to the root.
    """
    if not path.endswith(_CONFIGURATION):
        return
    for match in _SOURCE.finditer(content):
        source = match[1].decode("utf-8", "replace")
        starts = {posixpath.dirname(path), own}
        folders = [posixpath.normpath(posixpath.join(start, source)) for start in sorted(starts)]
        if there := [folder for folder in folders if any(True for _ in _below(files, folder))]:
            yield match[0], there


def _leads_elsewhere(path: str, content: bytes, modules: list[tuple[bytes, list[str]]]) -> bool:
    if isinstance(content, Executable):
        return True
    if path.endswith(_DOCUMENTATION) or isinstance(content, Unavailable) or not _is_text(content):
        return False
    text = bytes(content)
    for source, _ in modules:
        text = text.replace(source, b"")
    if b".." in _ELLIPSIS.sub(b"", text):
        return True
    return path.endswith(_CONFIGURATION) and _TAKEN_APART.search(text) is not None


def _is_name(path: str) -> bool:
    parts = path.encode("utf-8", "surrogateescape").split(b"/")
    sound = all(part not in {b"", b".", b".."} and len(part) <= _LONGEST_NAME for part in parts)
    return sound and sum(map(len, parts)) + len(parts) <= _LONGEST_PATH


def _is_text(content: bytes) -> bool:
    """Return True for UTF-8. Terraform refuses to read anything else as text, so that no path can come from it."""
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    return True


def _refusal(path: str, content: bytes, own: str) -> str | None:
    """Return why Terraform cannot be given this path as Git has it; None when it can."""
    if isinstance(content, Unavailable):
        return content.decode()
    if not _is_name(path):
        return _NO_NAME
    if path.startswith(f"{own}/.terraform/"):
        return _DATA
    if posixpath.basename(path) == "errored.tfstate":
        return _STATE
    if _AT_THE_TOP.fullmatch(path):
        return _OWN
    folder, _, name = path.rpartition("/")
    return _IN_THE_ROOT.get(name) if folder == own else None
