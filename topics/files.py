"""Topics' YAML files, read so that a fault can be told with its line and what to write instead."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")


class TopicError(ValueError):
    """A topic's file is wrong; the text says file, line and what to write."""

    def __init__(self, place: Place, fault: str, write: str) -> None:
        super().__init__(f"{place}: {fault}. {write}")


class Place:
    """Where something stands: prints as `data/orders/forms.yml:12`."""

    def __init__(self, path: Path, line: int) -> None:
        self.path, self.line = path, line

    def __str__(self) -> str:
        return f"{'/'.join(self.path.parts[-3:])}:{self.line}"


class Part:
    """A part of a file: a mapping, a list or a value, with its place."""

    def __init__(self, path: Path, node: yaml.Node) -> None:
        self._path, self._node = path, node
        self.place = Place(path, node.start_mark.line + 1)

    def wrong(self, fault: str, write: str) -> TopicError:
        """The error that says what is wrong here."""
        return TopicError(self.place, fault, write)

    def items(self, known: Iterable[str] | None = None) -> Iterator[tuple[str, Part, Part]]:
        """Key, its value, and the key's own part. Raises TopicError for what is no mapping, or holds an unknown key."""
        if not isinstance(self._node, yaml.MappingNode):
            raise self.wrong("a mapping is wanted here", "Write `name: value`, a line each, indented alike")
        known = tuple(known) if known is not None else None
        seen: set[str] = set()
        for key_node, value_node in self._node.value:
            key, name = Part(self._path, key_node), str(key_node.value)
            if known is not None and name not in known:
                raise key.wrong(f"`{name}` is not known here", f"Write one of: {', '.join(known)}")
            if name in seen:
                raise key.wrong(f"`{name}` stands here twice", "Keep one of them")
            seen.add(name)
            yield name, Part(self._path, value_node), key

    def names(self) -> list[str]:
        """A list of names: `[one, two]`."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.wrong("a list is wanted here", "Write `[one, two]`, also for a single one")
        return [Part(self._path, each).name() for each in self._node.value]

    def texts(self) -> list[str]:
        """A list of texts, a line each."""
        if not isinstance(self._node, yaml.SequenceNode):
            raise self.wrong("a list is wanted here", "Write `- a text`, a line each")
        return [Part(self._path, each).text() for each in self._node.value]

    def name(self) -> str:
        """A single name."""
        value = self.text()
        if not NAME.fullmatch(value):
            raise self.wrong(f"`{value}` is no name", "Write letters, digits and `_`, as in `orders_cancel`")
        return value

    def text(self) -> str:
        """A single text."""
        if not isinstance(self._node, yaml.ScalarNode) or not str(self._node.value).strip():
            raise self.wrong("a single value is wanted here", "Write it behind the colon")
        return str(self._node.value)

    def flag(self) -> bool:
        """`true` or `false`."""
        value = self.text()
        if value not in ("true", "false"):
            raise self.wrong(f"`{value}` is neither true nor false", "Write `true`, or leave the line out")
        return value == "true"


def read(path: Path) -> Part:
    """A file's content. Raises TopicError where it is no YAML, or empty."""
    try:
        node = yaml.compose(path.read_text("utf-8"), yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        fault = error.problem or "this is no YAML"
        raise TopicError(Place(path, mark.line + 1 if mark else 1), fault, "Mind the indentation and the colons") from error
    if node is None:
        raise TopicError(Place(path, 1), "the file is empty", "Delete it, or say what it declares")
    return Part(path, node)


def of_topics(data: Iterable[Path], name: str) -> list[Path]:
    """The topics' files of that name, in a fixed order. `data`: folders that hold topics' folders, or files."""
    found: set[Path] = set()
    for each in data:
        if each.is_dir():
            found |= {each / name, *each.glob(f"*/{name}")}
    return sorted(path for path in found if path.is_file())


def merged(told: Iterable[tuple[Path, Mapping[str, Any]]]) -> dict[str, Any]:
    """Declarations put together: lists one after another, mappings side by side. Raises TopicError for what is there twice."""
    whole: dict[str, Any] = {}
    owner: dict[tuple[str, str], Path] = {}
    for path, content in told:
        for section, declared in content.items():
            if not isinstance(declared, (list, dict)):
                whole.setdefault(section, declared)
                continue
            kept = whole.setdefault(section, type(declared)())
            for each in declared:
                name = each if isinstance(each, str) else next(iter(each))
                if (section, name) in owner:
                    first = owner[section, name]
                    where = Place(path, _line(path, name))
                    raise TopicError(where, f"`{name}` is declared in {Place(first, _line(first, name))} too", "Keep one of them")
                owner[section, name] = path
            if isinstance(declared, dict):
                kept.update(declared)
            else:
                kept.extend(declared)
    return whole


def _line(path: Path, name: str) -> int:
    """The line on which a name is declared."""
    lines = path.read_text("utf-8").splitlines()
    pattern = re.compile(rf"\s*(- )?{re.escape(name)}\b")
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 1)
