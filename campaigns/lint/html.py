"""An email's HTML as its readers meet it: what is seen, how large, in which colours, and where it leads."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Final

from campaigns.lint.css import Rule, declared, means, rules

_VOID: Final = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"})
_UNSEEN: Final = frozenset({"style", "title", "head", "script"})
_HIDING: Final = re.compile(r"display:\s*none|visibility:\s*hidden|opacity:\s*0(?:;|$)")
_HEX: Final = re.compile(r"#[0-9a-f]{6}\b", re.IGNORECASE)
_SHEET: Final = re.compile(r"<style[^>]*>(.*?)</style", re.DOTALL | re.IGNORECASE)
_HIDDEN: Final = re.compile(r"<!--.*?-->", re.DOTALL)
_DARK: Final = re.compile(r"prefers-color-scheme:\s*dark")
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
    tags: dict[str, set[tuple[str, str]]] = field(default_factory=dict)
    """Every element that is used, with its attributes and what they are set to."""
    sheets: list[str] = field(default_factory=list)
    """The text of its style sheets."""

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
        self._open: list[tuple[str, frozenset[str], Look]] = []
        self._link: Link | None = None
        self.seen.sheets = _SHEET.findall(_HIDDEN.sub("", html))
        self._dark: list[Rule] = [
            rule for sheet in self.seen.sheets for rule in rules(sheet) if any(map(_DARK.search, rule.at))
        ]
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = {name: value or "" for name, value in attrs}
        self._note(tag, known)
        if tag in _VOID:
            return
        self._open.append((tag, frozenset(known.get("class", "").split()), self._look(tag, known)))
        if tag == "a":
            button = "act-a" in known.get("class", "").split()
            self._link = Link(known.get("href", ""), button, self._now().hidden)
            self.seen.links.append(self._link)

    def handle_endtag(self, tag: str) -> None:
        while tag in (one for one, *_ in self._open):
            closed, *_ = self._open.pop()
            if closed == "a":
                self._link = None
            if closed == tag:
                return

    def handle_data(self, data: str) -> None:
        tag = self._open[-1][0] if self._open else ""
        if tag == "title":
            self.seen.title += data
        if any(one in _UNSEEN for one, *_ in self._open):
            return
        self.seen.runs.append(Run(data, self._now()))
        if self._link is not None:
            self._link.label += data
        if any(_HEADING.fullmatch(one) for one, *_ in self._open):
            self.seen.headings[-1].words += data

    def _note(self, tag: str, known: dict[str, str]) -> None:
        self.seen.tags.setdefault(tag, set()).update(known.items())
        if tag == "html":
            self.seen.lang = known.get("lang", "")
        if tag == "img" and "alt" not in known:
            self.seen.unlabelled.append(known.get("src", ""))
        if tag == "table" and known.get("role") != "presentation":
            self.seen.roleless += 1
        if heading := _HEADING.fullmatch(tag):
            self.seen.headings.append(Heading(int(heading[1])))

    def _now(self) -> Look:
        return self._open[-1][2] if self._open else Look()

    def _look(self, tag: str, known: dict[str, str]) -> Look:
        """Work out how text in this tag is shown: what is declared here, else what is around it."""
        now, style = self._now(), declared(known.get("style", ""))
        own = style.get("background-color", style.get("background", known.get("bgcolor")))
        ink, ground = style.get("color", now.ink), own or now.ground
        dark = self._dark_style((tag, frozenset(known.get("class", "").split())))
        inked, grounded = "color" in style, own is not None
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

    def _dark_style(self, element: tuple[str, frozenset[str]]) -> dict[str, str]:
        """Give what is declared for an element in the dark, all of it as important; the last one wins."""
        path = [*((tag, classes) for tag, classes, _ in self._open), element]
        style: dict[str, str] = {}
        for rule in self._dark:
            if any(means(selector, path) for selector in rule.selectors):
                style |= rule.declared
        return style


def _colour(value: str, otherwise: str) -> str:
    found = _HEX.fullmatch(value)
    return found[0] if found else otherwise


def _size(value: str, otherwise: float) -> float:
    found = re.fullmatch(r"([\d.]+)px", value)
    return float(found[1]) if found else otherwise
