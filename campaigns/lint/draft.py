"""The source files of a message as plain text, each with its lines and its language."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Final

from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH, NAMES
from campaigns.lint.finding import REGISTER, Finding, Spot, finding
from campaigns.rendering.claims import Register, read_register
from campaigns.rendering.environment import FRAME_FILES, Source, with_bodies

_TAG: Final = re.compile(r"{%.*?%}|{#.*?#}|<(?=[/a-zA-Z!])[^<>]*>", re.DOTALL)
_HOLE: Final = re.compile(r"{{(.*?)}}", re.DOTALL)
_SAID: Final = re.compile(r'"([^"]*)"|\'([^\']*)\'')
_KEY: Final = re.compile(r"\s*(subject|preheader)\s*=\s*(.*)")
_TABLE: Final = re.compile(r"\s*\[+\s*(\w+)\s*\]+")
_MARKDOWN: Final = re.compile(r"\*\*|\[(?=[^\]]*\]\()|\]\([a-z_]+\)|^(?:# |> |- |[0-9]+\. )", re.MULTILINE)
_TELLING_RUN: Final = 14
"""So many words of a sentence are enough to find it."""
_SHORTEST_RUN: Final = 2
_BLANKS: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Page:
    """One source file, or what one says in one language."""

    file: str
    """From the folder of templates."""
    language: str
    """Empty for a file that speaks every language."""
    raw: str
    prose: str
    """What a reader sees of it, line for line as in the file; `…` stands for a value."""

    def line_at(self, offset: int) -> Spot:
        """Give the line of a place in `prose`."""
        return Spot(self.file, self.prose.count("\n", 0, offset) + 1)

    def line_at_raw(self, offset: int) -> Spot:
        """Give the line of a place in `raw`."""
        return Spot(self.file, self.raw.count("\n", 0, offset) + 1)

    def line_with(self, letter: str) -> Spot | None:
        """Give the first line on which a character stands."""
        at = self.raw.find(letter)
        return None if at < 0 else self.line_at_raw(at)

    def line_of(self, words: str) -> Spot | None:
        """Give the first line on which these words stand, however they are broken up."""
        pattern = r"\s+".join(map(re.escape, _BLANKS.split(words.strip())))
        for text in (self.prose, self.raw):
            if pattern and (found := re.search(rf"(?<!\w){pattern}(?!\w)", text, re.IGNORECASE)):
                return Spot(self.file, text.count("\n", 0, found.start()) + 1)
        return None


@dataclass(frozen=True, slots=True)
class Draft:
    """A message as it lies in its folder, whether or not it is sound."""

    name: str
    source: Source
    register: Register
    own: tuple[Page, ...]
    """Its own files; `message.toml` once for each language, as subject and preheader alone."""
    frame: tuple[Page, ...]

    @property
    def toml(self) -> str:
        """The text of `message.toml`."""
        return self.source.files["message.toml"]

    @property
    def table(self) -> Mapping[str, object]:
        """What `message.toml` holds; empty where it cannot be read."""
        try:
            return tomllib.loads(self.toml)
        except tomllib.TOMLDecodeError:
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
        for number, (table, line) in enumerate(_lines(self.toml), start=1):
            if table == ("" if language == ENGLISH else language) and re.match(rf"\s*{re.escape(key)}\s*=", line):
                return Spot(self.setting_file, number)
        return Spot(self.setting_file)

    def where(self, words: str, language: str, ending: str = "") -> Spot:
        """Give the line on which words stand that were found in a sample: in the message, else in the frame.

        Where a value has broken them up, the longest run of them that can be found decides.
        """
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
    shared = tuple(_page(f"messages/{file}", text) for file, text in frame.items())
    drafts = []
    for place in sorted(path.parent for path in messages.glob("*/message.toml")):
        files = {path.name: _read(path) for path in sorted(place.iterdir()) if path.is_file()}
        own = tuple(page for file, text in files.items() for page in _pages(f"messages/{place.name}/{file}", text))
        source = Source(place.name, {**frame, **_made(place.name, files, found)})
        drafts.append(Draft(place.name, source, register, own, shared))
    return [_cited(draft) for draft in drafts]


def _made(message: str, files: dict[str, str], found: list[Finding]) -> dict[str, str]:
    """Add both parts of each body in Markdown; one that cannot be read is added to `found`, and left out."""
    made = dict(files)
    for file in [file for file in files if file.endswith(".md")]:
        try:
            made = with_bodies(message, {file: files[file]}) | made
        except TemplateInvalid as refusal:
            place, _, what = str(refusal).partition(": ")
            line = int(place.rpartition("line ")[2])
            found.append(finding("not-markdown", message, Spot(f"messages/{message}/{file}", line), what.rstrip(".")))
    return made


def language_of(file: str) -> str:
    """Tell the language of a file by its name: `body.es.html` is Spanish, `frame.html` is in none."""
    parts = file.rpartition("/")[2].split(".")
    named = [part for part in parts[1:] if part in NAMES]
    return named[0] if named else "" if parts[0] == "frame" else ENGLISH


def holes(text: str) -> Iterator[str]:
    """Give what stands between the braces of a template, without the words in quotes."""
    for tag in re.findall(r"{[{%](.*?)[%}]}", text, re.DOTALL):
        yield _SAID.sub("", tag)


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "replace")


def register_of(folder: Path, found: list[Finding]) -> Register:
    """Read the claims register of a folder of templates; one that cannot be read is added to `found`, and empty."""
    path = folder / "claims.toml"
    try:
        return read_register(path)
    except (TemplateInvalid, tomllib.TOMLDecodeError, OSError) as error:
        line = re.search(r"at line (\d+)", str(error))
        found.append(finding("bad-register", REGISTER, Spot(path.name, int(line[1]) if line else 1), str(error)))
        return Register({}, {})


def _cited(draft: Draft) -> Draft:
    known = [draft.register.claims[one] for one in draft.claims if one in draft.register.claims]
    sound = tuple(claim.id for claim in known if claim.status == "sourced")
    source = Source(draft.name, draft.source.files, draft.register.cite(sound, message=draft.name))
    return Draft(draft.name, source, draft.register, draft.own, draft.frame)


def _pages(file: str, text: str) -> Iterator[Page]:
    if not file.endswith("message.toml"):
        yield _page(file, text)
        return
    for language in NAMES:
        table = "" if language == ENGLISH else language
        lines = [_value(line) if here == table else "" for here, line in _lines(text)]
        yield Page(file, language, "\n".join(lines), _prose("\n".join(lines)))


def _lines(toml: str) -> Iterator[tuple[str, str]]:
    """Give each line with the table it stands in."""
    table = ""
    for line in toml.split("\n"):
        if heading := _TABLE.fullmatch(line.partition("#")[0].rstrip()):
            table = heading[1]
        yield table, line


def _value(line: str) -> str:
    key = _KEY.fullmatch(line)
    return key[2].strip().strip("\"'") if key else ""


def _page(file: str, text: str) -> Page:
    speaks = not file.endswith(("frame.html", "frame.toml"))
    prose = _prose(text) if speaks else "\n" * text.count("\n")
    if file.endswith(".html"):
        prose = unescape(prose)
    elif file.endswith(".md"):
        prose = _MARKDOWN.sub("", prose)
    return Page(file, language_of(file), text, prose)


def _prose(text: str) -> str:
    """Take out tags and code; keep every line where it is."""
    said = _HOLE.sub(lambda hole: _kept(hole[0], _words(hole[1])), text)
    return _TAG.sub(lambda tag: _kept(tag[0], ""), said)


def _words(code: str) -> str:
    """Give the words that a macro is called with; a bare value is an ellipsis."""
    said = [one or other for one, other in _SAID.findall(code)]
    return " … ".join(said) or "…"


def _kept(old: str, new: str) -> str:
    return new + "\n" * (old.count("\n") - new.count("\n"))
