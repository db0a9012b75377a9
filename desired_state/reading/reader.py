"""Plain data from the events of the YAML parser, with the place of every value and all problems.

Text that two YAML parsers could read differently is rejected, and reading continues after it. The reader takes
PyYAML's events instead of its finished values for three reasons: aliases are never expanded (no file can exhaust the
memory), duplicate keys are still visible, and the content before a syntax error is kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import yaml
from pydantic import JsonValue

from desired_state.limits import MOST_DOCUMENTS, MOST_VALUES
from desired_state.located import Node, Place, Problem, quote
from desired_state.reading.scalar import Doubt, resolve

_DEEPEST: Final = 50
_MOST_PROBLEMS: Final = 100
QUOTE_KEY: Final = "a key must be text: write "  # the key is read as it is written
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # with libyaml: the same events, ten times as fast


class UnreadableError(Exception):
    """The rest of the file, from `place` on, cannot be read."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True, slots=True)
class Draft:
    """One document before it is checked to be a mapping."""

    data: JsonValue
    node: Node
    problems: tuple[Problem, ...]
    doubts: Mapping[Place, Doubt]
    spellings: Mapping[Place, str]


class Reader:
    """A reader of one file. It attaches containers to their parent before filling them, so that `remnant` has the
    part of a document that was read before an error."""

    def __init__(self, path: str) -> None:
        self.problems: list[Problem] = []
        self._path = path
        self.values = 0
        self._before = 0
        self._doubts: dict[Place, Doubt] = {}
        self._spellings: dict[Place, str] = {}
        self._root: tuple[JsonValue, Node] | None = None
        self._events: Iterator[yaml.Event] = iter(())

    def drafts(self, text: str) -> Iterator[Draft]:
        """Yield the documents of the file. Raises UnreadableError, and no other error, if reading cannot continue."""
        try:
            self._events = iter(yaml.parse(text, Loader=_Loader))
            documents = 0
            for event in self._events:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                    if documents > MOST_DOCUMENTS:
                        raise UnreadableError(_place(event), f"more than {MOST_DOCUMENTS} documents: split the file")
                    self._before, self._doubts, self._spellings = len(self.problems), {}, {}
                    self._value(next(self._events), None, 0)
                    yield from self.remnant()
                    self._root = None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            place = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            is_tab = mark is not None and text[mark.index : mark.index + 1] == "\t"
            problem = "a tab does not indent, so write spaces" if is_tab else error.problem or error.context
            raise UnreadableError(place, f"not valid YAML: {problem}") from error
        except (yaml.YAMLError, ValueError, OverflowError) as error:
            # The pure Python parser raises ValueError or OverflowError for an escape beyond Unicode.
            raise UnreadableError((1, 1), f"not valid YAML: {str(error).splitlines()[0]}") from error

    def remnant(self) -> Iterator[Draft]:
        """Yield the document being read, as far as it was read; at most one."""
        if self._root is not None:
            yield Draft(*self._root, tuple(sorted(self.problems[self._before :])), self._doubts, self._spellings)

    def report(self, place: Place, message: str) -> None:
        """Record a problem and continue. Raises UnreadableError when the file has too many problems."""
        self.problems.append(Problem(self._path, *place, message))
        if len(self.problems) >= _MOST_PROBLEMS:
            raise UnreadableError(
                place, f"too many problems: reading stopped after {_MOST_PROBLEMS}, so fix these first"
            )

    def _value(self, event: yaml.Event, slot: "_Slot | None", depth: int) -> None:
        place = _place(event)
        node = Node(*place)
        if depth > _DEEPEST:
            raise UnreadableError(place, f"nested more than {_DEEPEST} levels deep")
        self.values += 1
        if self.values > MOST_VALUES:
            raise UnreadableError(place, f"more than {MOST_VALUES} values: split the file")
        self._reject_extras(event, place)
        if isinstance(event, yaml.MappingStartEvent):
            mapping: dict[str, JsonValue] = {}
            self._join(slot, mapping, node)
            self._fill_mapping(mapping, node, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            sequence: list[JsonValue] = []
            self._join(slot, sequence, node)
            self._fill_sequence(sequence, node, depth)
        else:
            self._join(slot, self._scalar(event, place), node)

    def _join(self, slot: "_Slot | None", value: JsonValue, node: Node) -> None:
        if slot is None:
            self._root = (value, node)
        else:
            slot.put(value, node)

    def _fill_mapping(self, mapping: dict[str, JsonValue], node: Node, depth: int) -> None:
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            place = _place(event)
            key = self._key(event, place, depth)
            if key is None:
                slot = _Slot({}, Node(*place), "")
            elif key in node.keys:
                line, column = node.keys[key]
                self.report(place, f"duplicate key {quote(key)}: the first one is at {line}:{column}")
                node.repeated.add(key)
                slot = _Slot({}, Node(*place), key)
            else:
                node.keys[key] = place
                slot = _Slot(mapping, node, key)
            self._value(next(self._events), slot, depth + 1)

    def _fill_sequence(self, sequence: list[JsonValue], node: Node, depth: int) -> None:
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            self._value(event, _Slot(sequence, node, len(sequence)), depth + 1)

    def _key(self, event: yaml.Event, place: Place, depth: int) -> str | None:
        """Return the text of a key, or None if its value must be read and dropped."""
        if not isinstance(event, yaml.ScalarEvent):
            self.report(place, "a key must be text")
            self._value(event, _Slot({}, Node(*place), ""), depth + 1)
            return None
        self._reject_extras(event, place)
        if not _is_plain(event):
            return self._printable(event.value, place)
        if event.value == "<<":
            self.report(place, "merge keys are not allowed: write the fields out")
            return None
        if not isinstance((meaning := resolve(event.value)).value, str) or meaning.doubt:
            self.report(place, f"{QUOTE_KEY}{quote(event.value)} in quotes")
        return event.value

    def _scalar(self, event: yaml.Event, place: Place) -> JsonValue:
        if not isinstance(event, yaml.ScalarEvent):  # an alias, already reported
            return None
        if not _is_plain(event) or event.tag is not None:
            return self._printable(event.value, place)
        meaning = resolve(event.value)
        if meaning.doubt is not None:
            self._doubts[place] = meaning.doubt
            self.report(place, meaning.doubt.message)
        elif meaning.is_respelt(event.value):
            self._spellings[place] = event.value
        return meaning.value

    def _reject_extras(self, event: yaml.Event, place: Place) -> None:
        if isinstance(event, yaml.AliasEvent):
            self.report(place, "aliases are not allowed: write the value out")
        elif getattr(event, "anchor", None) is not None:
            self.report(place, "anchors are not allowed: write the value out where it is used")
        if getattr(event, "tag", None) is not None:
            self.report(place, "tags are not allowed: remove the tag, and quote the value if it is text")

    def _printable(self, text: str, place: Place) -> str:
        if bad := _CONTROL.search(text):
            self.report(place, f"the control character U+{ord(bad[0]):04X} is not allowed: remove it")
        return _CONTROL.sub("\ufffd", text)


@dataclass(frozen=True, slots=True)
class _Slot:
    """A position in a container whose value is read next."""

    container: dict[str, JsonValue] | list[JsonValue]
    node: Node
    step: str | int

    def put(self, value: JsonValue, node: Node) -> None:
        if isinstance(self.container, dict):
            self.container[str(self.step)] = value
        else:
            self.container.append(value)
        self.node.children[self.step] = node


def _is_plain(event: yaml.ScalarEvent) -> bool:
    return event.style not in {"'", '"', "|", ">"}


def _place(event: yaml.Event) -> Place:
    mark = event.start_mark
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)
