"""What a webinar's page teaches, read from `webinars/*.toml`: every paragraph by its claims, in plain words."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from campaigns.language import ENGLISH
from campaigns.lint import claims, phrases
from campaigns.lint.draft import Draft
from campaigns.lint.finding import Finding, Spot, finding
from campaigns.lint.pages import Page
from campaigns.lint.reading import grade
from campaigns.rendering.claims import Register
from campaigns.rendering.environment import Source
from campaigns.rendering.front_matter import HARDEST

_TABLE: Final = re.compile(r"\s*\[+\s*([\w.]+)\s*\]+\s*(?:#.*)?")
_SAID: Final = re.compile(r"\s*(?:heading|words)\s*=\s*([\"'])(.*)\1\s*(?:#.*)?")
_OURS: Final = ("webinar.sections", "webinar.sections.paragraphs")
_KEY: Final = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Part:
    """A paragraph, with the claims that it lists."""

    page: Page
    """The file, but the words of this paragraph alone, on their line."""
    claims: tuple[str, ...]

    @property
    def spot(self) -> Spot:
        """The line that its words stand on."""
        return self.page.line_at(len(self.page.prose))


@dataclass(frozen=True, slots=True)
class Told:
    """A section, sound or not."""

    heading: str
    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        """All its words, as a reader sees them."""
        return "\n\n".join((self.heading, *(part.page.prose.strip() for part in self.parts)))


@dataclass(frozen=True, slots=True)
class Taught:
    """The file of a webinar, as far as its page teaches something."""

    name: str
    page: Page
    """The file, but headings and paragraphs alone, each on its line."""
    sections: tuple[Told, ...]


def read_pages(folder: Path, found: list[Finding]) -> Iterator[Taught]:
    """Read what each webinar's page teaches; a file that cannot be read as such is added to `found` instead."""
    for path in sorted((folder / "webinars").glob("*.toml")):
        file, toml = f"webinars/{path.name}", path.read_bytes().decode("utf-8", "replace")
        try:
            yield _read(path.stem, file, toml)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            line = re.search(r"at line (\d+)", str(error))
            says = str(error) if isinstance(error, ValueError) else f"{error} is missing, or no value for its place"
            found.append(finding("bad-page", path.stem, Spot(file, int(line[1]) if line else 1), says))


def check(taught: Taught, register: Register) -> Iterator[Finding]:
    """Find claims that may not be made, statements without one, words not to be used, and what is hard to read."""
    name = taught.name
    for section in taught.sections:
        for part in section.parts:
            yield from _claims(name, part, register)
        if (found := grade(section.text)) > HARDEST:
            hardest = max(section.parts, key=lambda part: grade(part.page.prose))
            says = f"the reading grade of “{section.heading}” is {found:.1f} (Flesch-Kincaid)"
            yield finding("hard-to-read", name, hardest.spot, says)
    yield from phrases.check(Draft(name, Source(name, {}), register, (taught.page,), ()))


def _claims(name: str, part: Part, register: Register) -> Iterator[Finding]:
    if not part.claims:
        yield finding("education-without-claims", name, part.spot, "a paragraph of the page lists no claims")
    yield from claims.ids(name, part.claims, register, lambda _: part.spot)
    listed = [register.claims[one] for one in part.claims if one in register.claims]
    for one in (claims.unlisted, claims.shares):
        yield from one(name, [part.page], listed)


def _read(name: str, file: str, toml: str) -> Taught:
    told: list[dict[str, Any]] = tomllib.loads(toml).get("webinar", {}).get("sections", [])
    lines = _lines(toml)
    said = [
        words for section in told for words in (section["heading"], *(one["words"] for one in section["paragraphs"]))
    ]
    if len(said) != len(lines):
        raise ValueError("a heading or a paragraph is not written on one line")
    keys = [section["key"] for section in told]
    if wrong := next((key for key in keys if keys.count(key) > 1 or not _KEY.fullmatch(key)), None):
        raise ValueError(f"the key {wrong!r} stands twice, or is not of small letters, digits and dashes")
    spots = iter(zip(lines, said, strict=True))
    sections = []
    for section in told:
        next(spots)
        parts = (
            Part(_page(file, dict([next(spots)])), tuple(map(str, one["claims"]))) for one in section["paragraphs"]
        )
        sections.append(Told(section["heading"], tuple(parts)))
    return Taught(name, _page(file, dict(zip(lines, said, strict=True))), tuple(sections))


def _lines(toml: str) -> list[int]:
    """Number the lines with a heading or a paragraph, the first one zero."""
    table, found = "", []
    for number, line in enumerate(toml.split("\n")):
        if heading := _TABLE.fullmatch(line):
            table = heading[1]
        elif table in _OURS and _SAID.fullmatch(line):
            found.append(number)
    return found


def _page(file: str, said: dict[int, str]) -> Page:
    """Give the file with nothing but these words, on their lines; it ends with the last of them."""
    prose = "\n".join(said.get(number, "") for number in range(max(said, default=0) + 1))
    return Page(file, ENGLISH, prose, prose)
