"""The source files of a message as plain text, each with its lines and its language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH
from campaigns.lint.finding import FRAME, REGISTER, Finding, Spot, finding
from campaigns.lint.pages import Page, lines_of, page_of, pages_of
from campaigns.rendering.claims import Register, read_register
from campaigns.rendering.environment import Source
from campaigns.rendering.files import own_file, with_bodies
from campaigns.rendering.frame import FRAME_FILES, with_frame, written_in
from campaigns.rendering.limits import SETTINGS

_TELLING_RUN: Final = 14
"""So many words of a sentence are enough to find it."""
_SHORTEST_RUN: Final = 2
_FAULT: Final = re.compile(r"[^:]*?(?:, line (?P<line>\d+))?: (?P<what>.*)", re.DOTALL)
_TOO_MUCH: Final = re.compile(r"\b(?:longer|more) than\b")
_MOST_BYTES: Final = 1_000_000
"""Of a file; the rest is not read, and what is read is too long as well."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as it lies in its folder, whether or not it is sound."""

    name: str
    source: Source
    register: Register
    own: tuple[Page, ...]
    """Its own files; `message.toml` once for each language, as subject and preheader alone."""
    frame: tuple[Page, ...]
    places: dict[tuple[str, str, str], Spot] = field(default_factory=dict, compare=False)
    """What `where` has found already: every sample of a message asks the same again."""

    @property
    def toml(self) -> str:
        """The text of `message.toml`."""
        return self.source.files["message.toml"]

    @property
    def table(self) -> Mapping[str, object]:
        """What `message.toml` holds; empty where it cannot be read."""
        try:
            return tomllib.loads(self.toml) if len(self.toml) <= SETTINGS else {}
        except (ValueError, RecursionError):  # Python's own too, of a number or a depth beyond it
            return {}

    @property
    def claims(self) -> tuple[str, ...]:
        """The ids that the message lists, sound or not."""
        return self._ids("claims")

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources that the message names, sound or not."""
        return self._ids("sources")

    def _ids(self, key: str) -> tuple[str, ...]:
        listed = self.table.get(key, [])
        return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else ()

    def body(self, language: str, ending: str = "") -> Spot:
        """Give the first line of the message's body in a language, of the file with this ending if there is one."""
        bodies = [page for page in self.own if page.language == language and not page.file.endswith(".toml")]
        fitting = [page for page in bodies if ending and page.file.endswith(ending)] or bodies
        return Spot(fitting[0].file if fitting else self.setting_file)

    @property
    def setting_file(self) -> str:
        """The place of `message.toml`."""
        return f"messages/{self.name}/message.toml"

    def setting(self, key: str, language: str = ENGLISH) -> Spot:
        """Give the line of a key in `message.toml`; the first line where it is missing."""
        for number, (table, line) in enumerate(lines_of(self.toml), start=1):
            if table == ("" if language == ENGLISH else language) and re.match(rf"\s*{re.escape(key)}\s*=", line):
                return Spot(self.setting_file, number)
        return Spot(self.setting_file)

    def found(self, *patterns: str) -> Spot:
        """Give the line on which the first pattern is found that is found at all, in the frame or in the message.

        What nobody wrote is the compiler's: then it is the first line of the frame.
        """
        for pattern in patterns:
            for page in (*self.frame, *self.own):
                if found := re.search(pattern, page.raw):
                    return page.line_at_raw(found.start())
        return Spot("messages/frame.mjml")

    def where(self, words: str, language: str, ending: str = "") -> Spot:
        """Give the line on which words stand that were found in a sample: in the message, else in the frame.

        Where a value has broken them up, the longest run of them that can be found decides.
        """
        known = self.places.get((words, language, ending))
        if known is None:
            known = self.places[words, language, ending] = self._search(words, language, ending)
        return known

    def _search(self, words: str, language: str, ending: str) -> Spot:
        pages = [page for page in (*self.own, *self.frame) if page.language in ("", language)]
        pages.sort(key=lambda page: (page in self.frame, not page.file.endswith(ending)))
        parts = words.split()[:_TELLING_RUN]
        # One word alone is found anywhere.
        for length in range(len(parts), min(len(parts), _SHORTEST_RUN) - 1, -1):
            for start in range(len(parts) - length + 1):
                run = " ".join(parts[start : start + length])
                for page in pages:
                    if spot := page.line_of(run):
                        return spot
        return self.body(language, ending)


def read_drafts(folder: Path, found: list[Finding]) -> list[Draft]:
    """Read every message below the folder of templates; what cannot be read at all is added to `found`."""
    register = register_of(folder, found)
    messages = folder / "messages"
    frame = {file: _read(messages / file) for file in FRAME_FILES if (messages / file).is_file()}
    whole = _with_frame(frame, found)
    drafts = []
    for place in sorted(path.parent for path in messages.glob("*/message.toml")):
        files = _own(place, found)
        drafts.append(draft_of(place.name, files, whole, register, found))
    return drafts


def draft_of(
    name: str, files: Mapping[str, str], frame: Mapping[str, str], register: Register, found: list[Finding]
) -> Draft:
    """Put one message's own files together with the whole frame's; what cannot be read at all is added to `found`."""
    shared = tuple(page_of(f"messages/{file}", text) for file, text in frame.items() if written_in(file, frame) == file)
    own = tuple(page for file, text in files.items() for page in pages_of(f"messages/{name}/{file}", text))
    source = Source(name, {**frame, **_made(name, dict(files), found)})
    return _cited(Draft(name, source, register, own, shared))


def _with_frame(frame: dict[str, str], found: list[Finding]) -> dict[str, str]:
    """Add the HTML of the frame; MJML that cannot be compiled is added to `found`."""
    try:
        return with_frame(frame)
    except TemplateInvalid as refusal:
        place, _, what = str(refusal).partition(": ")
        line = place.rpartition("line ")[2]
        spot = Spot(f"messages/{place.partition(',')[0]}", int(line) if line.isdecimal() else 1)
        found.append(finding("not-mjml", FRAME, spot, what.rstrip(".")))
        return frame


def _made(message: str, files: dict[str, str], found: list[Finding]) -> dict[str, str]:
    """Add both parts of each body in Markdown; one that cannot be read is added to `found`, and left out."""
    made = dict(files)
    for file in [file for file in files if file.endswith(".md")]:
        try:
            made = with_bodies(message, {file: files[file]}) | made
        except TemplateInvalid as refusal:
            fault = _FAULT.fullmatch(str(refusal))
            assert fault is not None, "every refusal of a body names its file"
            kind = "beyond-limits" if _TOO_MUCH.search(fault["what"]) else "not-markdown"
            spot = Spot(f"messages/{message}/{file}", int(fault["line"] or 1))
            found.append(finding(kind, message, spot, fault["what"].rstrip(".")))
    return made


def _own(place: Path, found: list[Finding]) -> dict[str, str]:
    """Read the files of a message; one that no message has is added to `found`, and not read."""
    files = {}
    for path in sorted(path for path in place.iterdir() if path.is_file() and not path.name.startswith(".")):
        if own_file(path.name):
            files[path.name] = _read(path)
        else:
            spot = Spot(f"messages/{place.name}/{path.name}")
            found.append(finding("unknown-file", place.name, spot, f"{path.name} is not a file of a message"))
    return files


def _read(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_MOST_BYTES).decode("utf-8", "replace")


def register_of(folder: Path, found: list[Finding]) -> Register:
    """Read the claims register of a folder of templates; one that cannot be read is added to `found`, and empty."""
    path = folder / "claims.toml"
    try:
        return read_register(path)
    except (TemplateInvalid, ValueError, OSError) as error:
        line = re.search(r"at line (\d+)", str(error))
        found.append(finding("bad-register", REGISTER, Spot(path.name, int(line[1]) if line else 1), str(error)))
        return Register({}, {})


def _cited(draft: Draft) -> Draft:
    known = [draft.register.claims[one] for one in draft.claims if one in draft.register.claims]
    sound = tuple(claim.id for claim in known if claim.usable)
    source = Source(draft.name, draft.source.files, draft.register.cite(sound, message=draft.name))
    return Draft(draft.name, source, draft.register, draft.own, draft.frame)
