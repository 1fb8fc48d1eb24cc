"""An email's HTML as its readers meet it: what is seen, how large, in which colours, and where it leads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Final

_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN: Final = frozenset({"style", "title", "head", "script"})
_HIDING: Final = re.compile(r"display:\s*none|visibility:\s*hidden|opacity:\s*0(?:;|$)")
_HEX: Final = re.compile(r"#[0-9a-f]{6}\b", re.IGNORECASE)
_DARK: Final = re.compile(r"@media[^{]*prefers-color-scheme:\s*dark[^{]*\{((?:[^{}]*\{[^{}]*\})*)", re.IGNORECASE)
_RULE: Final = re.compile(r"\.([\w-]+)\s*\{([^{}]*)\}")
_HEADING: Final = re.compile(r"h([1-6])")
_DIM: Final = 0.04045
"""Below this a channel of sRGB is linear."""
_FIRST_SIZE: Final = 16.0
"""That of a browser, where nobody says one."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a piece of text is shown."""

    ink: str = "#000000"
    ground: str = "#FFFFFF"
    dark_ink: str = "#FFFFFF"
    dark_ground: str = "#000000"
    size: float = _FIRST_SIZE
    sized: str = ""
    """The declaration that gives it this size, with what follows it, as it stands in the source."""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """Some text between two tags."""

    words: str
    look: Look


@dataclass(slots=True)
class Link:
    """A place to go, and what it is called."""

    address: str
    button: bool
    hidden: bool
    label: str = ""


@dataclass(slots=True)
class Heading:
    """A heading, and whether it is of the first level or a lower one."""

    level: int
    words: str = ""


@dataclass(slots=True)
class Seen:
    """All of a page that the checks ask for."""

    title: str = ""
    lang: str = ""
    runs: list[Run] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    headings: list[Heading] = field(default_factory=list)
    unlabelled: list[str] = field(default_factory=list)
    """Pictures without `alt`, by their address."""
    roleless: int = 0
    """Tables that do not say they only arrange."""

    @property
    def visible(self) -> list[Run]:
        """The text that anybody sees."""
        return [run for run in self.runs if not run.look.hidden and run.words.strip()]

    @property
    def hidden(self) -> str:
        """The text that only a list of mails shows: the preheader."""
        return " ".join(" ".join(run.words for run in self.runs if run.look.hidden).split())


def see(html: str) -> Seen:
    """Read a page."""
    reader = _Reader(html)
    return reader.seen


def contrast(ink: str, ground: str) -> float:
    """Give the contrast of two colours `#rrggbb`, from 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= _DIM else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class _Reader(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.seen = Seen()
        self._open: list[tuple[str, Look]] = []
        self._link: Link | None = None
        dark = _DARK.search(html)
        rules = _RULE.findall(dark[1]) if dark else []
        self._dark: dict[str, dict[str, str]] = {}
        for name, style in rules:
            self._dark.setdefault(name, {}).update(_declared(style))
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self._note(tag, known)
        if tag in _VOID:
            return
        self._open.append((tag, self._look(tag, known)))
        if tag == "a":
            button = "act-a" in known.get("class", "").split()
            self._link = Link(known.get("href", ""), button, self._now().hidden)
            self.seen.links.append(self._link)

    def handle_endtag(self, tag: str) -> None:
        while tag in (one for one, _ in self._open):
            closed, _ = self._open.pop()
            if closed == "a":
                self._link = None
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        tag = self._open[-1][0] if self._open else ""
        if tag == "title":
            self.seen.title += data
        if any(one in _UNSEEN for one, _ in self._open):
            return
        self.seen.runs.append(Run(data, self._now()))
        if self._link is not None:
            self._link.label += data
        if any(_HEADING.fullmatch(one) for one, _ in self._open):
            self.seen.headings[-1].words += data

    def _note(self, tag: str, known: dict[str, str]) -> None:
        if tag == "html":
            self.seen.lang = known.get("lang", "")
        if tag == "img" and "alt" not in known:
            self.seen.unlabelled.append(known.get("src", ""))
        if tag == "table" and known.get("role") != "presentation":
            self.seen.roleless += 1
        if heading := _HEADING.fullmatch(tag):
            self.seen.headings.append(Heading(int(heading[1])))

    def _now(self) -> Look:
        return self._open[-1][1] if self._open else Look()

    def _look(self, tag: str, known: dict[str, str]) -> Look:
        """Work out how text in this tag is shown: what is declared here, else what is around it."""
        now, style = self._now(), _declared(known.get("style", ""))
        ink = style.get("color", now.ink)
        ground = style.get("background-color", known.get("bgcolor", now.ground))
        dark: dict[str, str] = {}
        for name in known.get("class", "").split():
            dark |= self._dark.get(name, {})
        inked, grounded = "color" in style, "background-color" in style or "bgcolor" in known
        return replace(
            now,
            ink=_colour(ink, now.ink),
            ground=_colour(ground, now.ground),
            # Mail programs in the dark keep a colour that is declared here and not declared anew for them.
            dark_ink=_colour(dark.get("color", ink if inked else now.dark_ink), now.dark_ink),
            dark_ground=_colour(dark.get("background-color", ground if grounded else now.dark_ground), now.dark_ground),
            size=_size(style.get("font-size", ""), now.size),
            sized=known["style"][known["style"].index("font-size") :] if "font-size" in style else now.sized,
            hidden=now.hidden or tag in _UNSEEN or bool(_HIDING.search(known.get("style", ""))),
        )


def _declared(style: str) -> dict[str, str]:
    pairs = (one.partition(":") for one in style.split(";") if ":" in one)
    return {key.strip().lower(): value.replace("!important", "").strip() for key, _, value in pairs}


def _colour(value: str, otherwise: str) -> str:
    found = _HEX.fullmatch(value)
    return found[0] if found else otherwise


def _size(value: str, otherwise: float) -> float:
    found = re.fullmatch(r"([\d.]+)px", value)
    return float(found[1]) if found else otherwise
