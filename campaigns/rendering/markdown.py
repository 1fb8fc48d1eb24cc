"""The body of a message as staff write it, in Markdown, turned into the two bodies of an email.

`# ` begins the heading, `> ` small print, `**` stands around strong words; lists are as usual. A
link names its target by a name of the closed list, `[pick another date](manage_url)`, and a
paragraph that is nothing but a link is the button. Placeholders and conditions pass through as
they are; a condition on a line of its own may hold whole paragraphs. Nothing else is possible: no
HTML, no pictures, no addresses.

Both bodies come from one source, so they cannot say different things. What comes out is what is
stored, hashed and approved: another version of the library changes no word that somebody has read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from campaigns.errors import TemplateInvalid
from campaigns.rendering.lexing import check_signs, quoted
from campaigns.rendering.limits import BODY, LINKS

_RULES: Final = ("heading", "list", "blockquote", "emphasis", "link", "newline", "escape")
_JINJA: Final = re.compile(r"{%.*?%}|{{.*?}}", re.DOTALL)
_OPEN, _CLOSE = "\ue000", "\ue001"
"""Stand around the number of a placeholder while Markdown is read: characters for private use, in no message."""
_HELD: Final = re.compile(f"{_OPEN}([0-9]+){_CLOSE}")
_CONTROL: Final = re.compile(r"\s*+(?:{%(?:(?!%}).)*+%}\s*+)++")
"""Gives nothing back once it is taken: however a line goes on, it is read once."""
_CALL: Final = re.compile(r"{{ *(?!link\b)[a-z_]+\((?:(?!}}).)*\) *}}")
_LINK: Final = re.compile(r"\]\(")
_NAME: Final = re.compile(r"[a-z_]+")
_TAG: Final = re.compile(r"<[/!?A-Za-z][^>]*>?")


@dataclass(frozen=True, slots=True)
class Bodies:
    """Two templates: the HTML part and the plain part."""

    html: str
    plain: str


def bodies_of(text: str, *, file: str) -> Bodies:
    """Turn a body in Markdown into both of its forms; raises `TemplateInvalid` naming file and line."""
    check_signs(text, file=file, limit=BODY)
    _count_links(text, file)
    source = _hold(text, file)
    parser = MarkdownIt("zero").enable(list(_RULES))
    blocks = list(_blocks(parser.parse(source.text), source))
    return Bodies(
        html="".join(f"{source.back(html)}\n" for html, _ in blocks),
        plain="".join(f"{source.back(plain)}\n" for _, plain in blocks),
    )


def _count_links(text: str, file: str) -> None:
    for number, link in enumerate(_LINK.finditer(text), 1):
        if number > LINKS:
            line = text.count("\n", 0, link.start()) + 1
            raise TemplateInvalid(f"{file}, line {line}: more than {LINKS} links; keep the ones that matter")


@dataclass(slots=True)
class _Source:
    """A body with numbers in place of what belongs to Jinja."""

    file: str
    text: str
    held: list[str]
    lines: list[int] = field(default_factory=list)
    """For each line of the text, its number in the file."""

    def back(self, words: str) -> str:
        return _HELD.sub(lambda found: self.held[int(found[1])], words)

    def fault(self, token: Token, says: str) -> TemplateInvalid:
        at = token.map[0] if token.map else 0
        line = self.lines[min(at, len(self.lines) - 1)] if self.lines else 1
        return TemplateInvalid(f"{self.file}, line {line}: {says}")


def _hold(text: str, file: str) -> _Source:
    """Put numbers in place of Jinja, and conditions that have a line of their own into a paragraph of their own."""
    held: list[str] = []

    def keep(found: re.Match[str]) -> str:
        held.append(found[0])
        return f"{_OPEN}{len(held) - 1}{_CLOSE}"

    lines: list[str] = []
    numbers: list[int] = []
    for number, line in enumerate(text.splitlines(), 1):
        if found := _TAG.search(_JINJA.sub("", line)):
            raise TemplateInvalid(
                f"{file}, line {number}: {quoted(found[0])} - HTML is not possible here; write Markdown"
            )
        apart = ["", line, ""] if _CONTROL.fullmatch(line) else [line]
        lines += apart
        numbers += [number] * len(apart)
    return _Source(file, _JINJA.sub(keep, "\n".join(lines)), held, numbers)


def _blocks(tokens: Sequence[Token], source: _Source) -> Iterator[tuple[str, str]]:
    """Give each block as HTML and as plain text, an empty line behind it."""
    at = 0
    while at < len(tokens):
        token = tokens[at]
        end = _end_of(tokens, at)
        inner = tokens[at + 1 : end]
        if token.type == "heading_open":
            yield _heading(token, inner[0], source)
        elif token.type == "paragraph_open":
            yield _paragraph(inner[0], source)
        elif token.type == "blockquote_open":
            yield _note(token, inner, source)
        else:
            yield _list(token, inner, source)
        at = end + 1


def _end_of(tokens: Sequence[Token], at: int) -> int:
    depth = 0
    for number in range(at, len(tokens)):
        depth += tokens[number].nesting
        if depth == 0:
            return number
    raise AssertionError("every block that is opened is closed")


def _heading(token: Token, inline: Token, source: _Source) -> tuple[str, str]:
    if token.tag != "h1":
        raise source.fault(token, "a message has one heading, which begins with a single #")
    html, plain = _inline(inline, source)
    return f"<h1>{html}</h1>", f"{plain}\n"


def _paragraph(inline: Token, source: _Source) -> tuple[str, str]:
    whole = source.back(inline.content)
    if _CONTROL.fullmatch(whole):
        return whole, whole
    if _CALL.fullmatch(whole):
        return whole, f"{whole}\n"
    children = inline.children or []
    if [one.type for one in children] == ["link_open", "text", "link_close"]:
        button = _call("button", children[0], children[1].content, inline, source)
        return button, f"{button}\n"
    html, plain = _inline(inline, source)
    return f"<p>{html}</p>", f"{plain}\n"


def _note(token: Token, inner: Sequence[Token], source: _Source) -> tuple[str, str]:
    if [one.type for one in inner] != ["paragraph_open", "inline", "paragraph_close"]:
        raise source.fault(token, "small print is one paragraph")
    html, plain = _inline(inner[1], source)
    return f'<p class="note">{html}</p>', f"{plain}\n"


def _list(token: Token, inner: Sequence[Token], source: _Source) -> tuple[str, str]:
    items = [_inline(one, source) for one in inner if one.type == "inline"]
    if any(one.type not in _IN_A_LIST for one in inner):
        raise source.fault(token, "an item of a list is one paragraph, with no list inside")
    tag, numbered = token.tag, token.tag == "ol"
    html = "".join(f"<li>{words}</li>\n" for words, _ in items)
    marks = [f"{number}. " if numbered else "- " for number in range(1, len(items) + 1)]
    plain = "".join(f"{mark}{words}\n" for mark, (_, words) in zip(marks, items, strict=True))
    return f"<{tag}>\n{html}</{tag}>", plain


_IN_A_LIST: Final = ("list_item_open", "paragraph_open", "inline", "paragraph_close", "list_item_close")


def _inline(inline: Token, source: _Source) -> tuple[str, str]:
    """Give the words of a block: with tags, and without any."""
    html: list[str] = []
    plain: list[str] = []
    children = iter(inline.children or [])
    for one in children:
        if one.type == "link_open":
            words = next(children)
            if words.type != "text" or next(children).type != "link_close":
                raise source.fault(inline, "the words of a link are plain, without strong ones or placeholders")
            call = _call("link", one, words.content, inline, source)
            html.append(call)
            plain.append(call)
        elif one.type in ("strong_open", "strong_close"):
            html.append("<strong>" if one.nesting == 1 else "</strong>")
        elif one.type in ("text", "softbreak"):
            words_of = one.content if one.type == "text" else " "
            if "](" in words_of:
                raise source.fault(inline, "this link cannot be read: write [words](manage_url), a name as its target")
            html.append(escape(words_of, quote=False))
            plain.append(words_of)
        else:
            raise source.fault(inline, "only **strong** words and [links](manage_url) are possible inside a paragraph")
    return "".join(html), "".join(plain)


def _call(macro: str, link: Token, words: str, inline: Token, source: _Source) -> str:
    target = str(link.attrs.get("href", ""))
    if not _NAME.fullmatch(target):
        raise source.fault(inline, f"({quoted(target)}) is no target: a link leads to a name such as manage_url")
    if _HELD.search(words):
        raise source.fault(inline, "the words of a link are plain, without strong ones or placeholders")
    label = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'{{{{ {macro}("{label}", {target}) }}}}'
