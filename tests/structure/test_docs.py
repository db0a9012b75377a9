"""The pages: lines of at most 120 characters, links and anchors that exist, and a way to every page."""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import PurePosixPath

from tests.structure.sources import ROOT

WIDTH = 120
GENERATED = frozenset({"docs/requirements.md"})  # by `python -m tests.requirements`
ENTRANCES = ("README.md", "docs/operations.md", "docs/adr/README.md")
_LINK = re.compile(r"\]\((?!https?://|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")
_FENCED = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


@cache
def pages() -> Mapping[str, str]:
    """Read the README, the files for contributors and every page below `docs`, by path."""
    top = (ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md"))
    found = (*top, *sorted((ROOT / "docs").rglob("*.md")))
    return {path.relative_to(ROOT).as_posix(): path.read_text() for path in found}


def too_wide(text: str) -> list[int]:
    """Return the numbers of the lines of prose that are too long; tables, code and single long words cannot wrap."""
    prose = _FENCED.sub(lambda code: "\n" * code.group().count("\n"), text)
    return [
        number
        for number, line in enumerate(prose.splitlines(), 1)
        if len(line) > WIDTH and not line.startswith(("|", "    ")) and " " in line.strip(" -*")
    ]


def broken_links(found: Mapping[str, str]) -> Iterator[str]:
    """Name each link to a file or an anchor that does not exist."""
    for page, text in found.items():
        for target, anchor in _LINK.findall(_FENCED.sub("", text)):
            path = _resolved(page, target)
            if not (ROOT / path).exists():
                yield f"{page}: {target} does not exist"
            elif anchor and path in found and anchor not in anchors(found[path]):
                yield f"{page}: {path} has no section #{anchor}"


def anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as forges make them."""
    headings = re.findall(r"^#+ (.*)$", _FENCED.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in headings}


def linked(found: Mapping[str, str], entrances: tuple[str, ...]) -> set[str]:
    """Return the paths that the entrances link to."""
    return {_resolved(page, target) for page in entrances for target, _ in _LINK.findall(found[page]) if target}


def _resolved(page: str, target: str) -> str:
    parts: list[str] = []
    for part in (PurePosixPath(page).parent / target).parts if target else PurePosixPath(page).parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return "/".join(parts)


def test_prose_is_wrapped() -> None:
    wide = {page: too_wide(text) for page, text in pages().items() if page not in GENERATED}
    assert {page: lines for page, lines in wide.items() if lines} == {}


def test_every_link_and_anchor_exists() -> None:
    assert list(broken_links(pages())) == []


def test_every_page_is_linked_from_an_entrance() -> None:
    expected = {page for page in pages() if page.startswith("docs/")} - set(ENTRANCES[1:])
    assert expected - linked(pages(), ENTRANCES) == set()


def test_faults_are_found() -> None:
    assert too_wide(f"short\n{'word ' * 30}\n| {'cell ' * 30} |\n```\n{'code ' * 30}\n```\n") == [2]
    assert list(broken_links({"README.md": "[a](docs/nowhere.md) [b](#no) [c](#yes)\n\n# Yes\n"})) == [
        "README.md: docs/nowhere.md does not exist",
        "README.md: README.md has no section #no",
    ]
    assert linked({"docs/a.md": "[b](../README.md) [c](b.md#x)"}, ("docs/a.md",)) == {"README.md", "docs/b.md"}
