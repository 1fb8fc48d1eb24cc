"""The frame around every email: from its source in MJML to the HTML that is stored with a version.

`frame.mjml` says how an email is laid out, `frame.parts.html` holds the pieces that it and the
bodies call. Both become `frame.html` when messages are loaded, never when one is sent: what was
approved is that HTML, and a later version of the compiler changes none of it.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Final

from jinja2 import Environment
from mjml import mjml2html

from campaigns.errors import TemplateInvalid
from campaigns.language import NAMES as LANGUAGES
from campaigns.rendering.checks import check_frame, check_tags
from campaigns.rendering.front_matter import FrontMatter
from campaigns.rendering.variables import NAMES

SOURCE, PARTS, HTML = "frame.mjml", "frame.parts.html", "frame.html"
FRAME_FILES: Final = (SOURCE, PARTS, HTML, "frame.txt", "frame.toml", *(f"frame.{code}.words" for code in LANGUAGES))
"""What a frame may consist of; the HTML is made of the first two, unless somebody has written it by hand."""
FRAME_NAMES: Final = NAMES | {
    "subject", "preheader", "purpose", "strides", "read", "reads", "content", "language", "demonstration",
}  # fmt: skip
CONTENT: Final = "{{ content }}"
_CLASS_MINUTES: Final = 9
"""Arcs of the stride line under a message about the class: the talk is shorter than ten minutes."""
_NOTE: Final = re.compile(r"{#.*?#}", re.DOTALL)
_JINJA: Final = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_QUOTED: Final = re.compile(r'=\s*"[^"<>]*(?:{{(?:(?!}}).)*"|{%(?:(?!%}).)*")', re.DOTALL)
_VOID: Final = frozenset({"area", "base", "br", "col", "hr", "img", "input", "link", "meta", "source", "wbr"})
_KNOWN: Final = frozenset(
    {
        "mjml", "mj-head", "mj-title", "mj-preview", "mj-breakpoint", "mj-attributes", "mj-all", "mj-class", "mj-style",
        "mj-raw", "mj-body", "mj-wrapper", "mj-section", "mj-column", "mj-group", "mj-text", "mj-button", "mj-divider",
        "mj-spacer", "mj-table", "mj-image",
    }
)  # fmt: skip
"""Without those that fetch something from elsewhere: fonts, other files, pictures of social networks."""


def with_frame(files: Mapping[str, str]) -> dict[str, str]:
    """Add the HTML that a frame in MJML comes to; one that somebody wrote as HTML stays as it is.

    Raises `TemplateInvalid` naming file, line and remedy for a frame that cannot be compiled, or
    whose placeholders would not come out of it in the order in which they went in.
    """
    if HTML in files:
        return dict(files)
    if SOURCE not in files:
        raise TemplateInvalid(f"{SOURCE}: the file is missing; copy it from the shipped templates")
    return {**files, HTML: _without_notes(files.get(PARTS, "")).lstrip() + _compiled(files[SOURCE])}


def check_sources(
    environment: Environment, files: Mapping[str, str], file: str, macros: Mapping[str, int]
) -> dict[str, int]:
    """Check a file of the frame; give its macros with the number of things each takes, `macros` among them.

    Raises `TemplateInvalid`: for compiled HTML it names the line in which somebody wrote what is at fault.
    """
    try:
        return check_frame(environment, files[file], file=file, names=FRAME_NAMES, macros=macros)
    except TemplateInvalid:
        for own in (PARTS, SOURCE) if file == HTML else ():
            macros = check_frame(
                environment, _without_notes(files.get(own, "")), file=own, names=FRAME_NAMES, macros=macros
            )
        raise


def written_in(file: str, files: Mapping[str, str]) -> str:
    """Name the file in which somebody wrote what makes up a file of the frame."""
    return SOURCE if file == HTML and SOURCE in files else file


def dressed(body: str, styles: str, file: str) -> str:
    """Give bare tags the attributes that `frame.toml` sets for them: mail programs want styles inline.

    Raises `TemplateInvalid` for a tag that it does not name.
    """
    tags = tomllib.loads(styles)["tags"]
    openings = {opening: f"<{opening.split()[0]} {attributes}>" for opening, attributes in tags.items()}
    check_tags(body, file=file, tags=frozenset(openings) | {opening.split()[0] for opening in openings})
    return re.sub(r"<([a-z][^>/]*)>", lambda found: openings.get(found[1], found[0]), body)


def strides(front: FrontMatter) -> tuple[str, ...]:
    """Say what each arc of the stride line is: a short read counts the reads, the others count the minutes."""
    if front.read:
        return ("done",) * front.read + ("now",) + ("ahead",) * (front.reads - front.read)
    return ("done",) * _CLASS_MINUTES + ("now",)


def _without_notes(source: str) -> str:
    """Take out what is said to whoever reads the file, and keep every line where it is."""
    return _NOTE.sub(lambda note: "\n" * note[0].count("\n"), source)


def _compiled(source: str) -> str:
    text = _without_notes(source)
    _check_holes(text)
    _Elements(text)
    try:
        html = mjml2html(text, fonts={})
    except ValueError as error:
        raise TemplateInvalid(f"{SOURCE}: the MJML cannot be compiled: {error}") from None
    _check_kept(text, html)
    return html


def _check_holes(text: str) -> None:
    """Refuse placeholders that the compiler would read as markup."""
    for hole in _JINJA.finditer(text):
        if "<" in hole[0]:
            raise _wrong(text, hole.start(), f"{hole[0]} has a < in it; turn the comparison round")
    if quoted := _QUOTED.search(text):
        raise _wrong(text, quoted.end() - 1, "a placeholder in an attribute has double quotes; write single ones")


def _check_kept(text: str, html: str) -> None:
    """Refuse HTML in which a placeholder is lost, doubled or moved, or an element stayed what it was."""
    if left := re.search(r"</?(mj[\w-]*)", html):
        at = max(0, text.find(f"<{left[1]}"))
        raise _wrong(text, at, f"<{left[1]}> has no place here; see what MJML allows inside what stands around it")
    found = _JINJA.findall(html)
    came = iter(found)
    for hole in _JINJA.finditer(text):
        if hole[0] not in came:
            raise _wrong(text, hole.start(), f"{hole[0]} is lost or moved; put it into mj-text or between elements")
    # The title and the language are said twice, which is harmless; a condition that is, is not.
    if [one for one in found if one.startswith("{%")] != [one for one in _JINJA.findall(text) if one.startswith("{%")]:
        raise TemplateInvalid(f"{SOURCE}: a condition comes out more often than it went in; keep it out of mj-head")


class _Elements(HTMLParser):
    """Reads MJML as strictly as it is meant, because its compiler passes over much and names no line."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self._open: list[tuple[str, int]] = []
        self.feed(_JINJA.sub(lambda hole: re.sub(r"[^\n]", "x", hole[0]), text))
        self.close()
        if self._open:
            name, line = self._open[-1]
            raise TemplateInvalid(f"{SOURCE}, line {line}: <{name}> is never closed")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in _VOID:
            self._open.append((tag, self.getpos()[0]))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002  # HTMLParser's
        if tag.startswith("mj") and tag not in _KNOWN:
            raise self._wrong(f"there is no element <{tag}>; there are {', '.join(sorted(_KNOWN))}")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            inside = f" inside <{self._open[-1][0]}>" if self._open else ""
            raise self._wrong(f"</{tag}> closes nothing{inside}")
        self._open.pop()

    def _wrong(self, what: str) -> TemplateInvalid:
        return TemplateInvalid(f"{SOURCE}, line {self.getpos()[0]}: {what}")


def _wrong(text: str, at: int, what: str) -> TemplateInvalid:
    return TemplateInvalid(f"{SOURCE}, line {text.count(chr(10), 0, at) + 1}: {what}")
