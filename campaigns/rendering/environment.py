"""From a folder of words to compiled messages.

A message is a folder: `message.toml` and either `body.md` or `sms.txt`. In another language
than English the same again: `body.es.md`, and a table `[es]` in `message.toml`. A part that
has to say it in another way than Markdown comes to is written by hand: `body.txt`. The frame
around every email is its own pair of files, and its words one more for each language. A
`Source` holds all of it as text, so that a version can be stored, hashed, approved and
compiled again years later.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from html import escape
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from jinja2 import StrictUndefined, Template, TemplateError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from campaigns.domain.look import HOUSE, Palette
from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH
from campaigns.language import NAMES as LANGUAGES
from campaigns.rendering.checks import check_frame, check_words
from campaigns.rendering.claims import Register, read_register
from campaigns.rendering.files import check_names, read_folder, with_bodies
from campaigns.rendering.frame import (
    CONTENT,
    FRAME_FILES,
    FRAME_NAMES,
    check_sources,
    dressed,
    strides,
    with_frame,
    written_in,
)
from campaigns.rendering.front_matter import FrontMatter, read_front_matter, read_languages
from campaigns.rendering.lexing import check_letters
from campaigns.rendering.limits import BODY, FRAME, HAND, MADE, PREHEADER, SMS, SUBJECT, Limit
from campaigns.rendering.personal import only_printed
from campaigns.rendering.variables import NAMES

_LOGO: Final = "<!-- logo -->"
"""Where the frame shows the clinic's logo."""
_PICTURE: Final = (
    '<img src="{}" alt="" height="36" style="height:36px;width:auto;border:0;vertical-align:middle;margin-right:12px">'
)
_SHADES: Final = ("primary", "action", "night_primary", "night_action", "on_night_action")
"""Those of the palette that the frame has in it, in capital letters."""


@dataclass(frozen=True, slots=True)
class Source:
    """The text of one message with its frame: everything its rendering depends on but the letter."""

    name: str
    files: Mapping[str, str]
    """File name → text, the frame's files included."""
    sources: str = ""
    """How the claims it makes are cited, as they stood when the message was loaded."""

    def __hash__(self) -> int:
        """Agree with equality, although a mapping has no hash."""
        return hash((self.name, self.sources, frozenset(self.files.items())))

    @property
    def content_hash(self) -> str:
        """Name this content: 64 hexadecimal digits, another one for any other wording."""
        return sha256(json.dumps(self.to_json(), sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def to_json(self) -> dict[str, object]:
        """Give a value that JSON can hold; `from_json` takes it back unchanged."""
        return {"name": self.name, "files": dict(self.files), "sources": self.sources}

    @classmethod
    def from_json(cls, value: Mapping[str, object]) -> Source:
        """Take back what `to_json` gave; raises `TemplateInvalid` for anything else."""
        name, files, sources = value.get("name"), value.get("files"), value.get("sources")
        if not isinstance(name, str) or not isinstance(files, dict) or not isinstance(sources, str):
            raise TemplateInvalid("This is not the stored text of a message.")
        return cls(name, {str(file): str(text) for file, text in files.items()}, sources)


@dataclass(frozen=True, slots=True)
class Look:
    """The clinic's colours and logo, put in place of the frame's own when a message is compiled.

    They change no word, so an approval of the words holds for every look.
    """

    palette: Palette = HOUSE
    logo_url: str = ""
    """Full address of a PNG picture; empty: the name alone."""

    def dress(self, html: str) -> str:
        """Give HTML of the frame with these colours and this logo."""
        for shade in _SHADES:
            html = html.replace(getattr(HOUSE, shade).upper(), getattr(self.palette, shade).upper())
        address = escape(self.logo_url).replace("{", "%7B").replace("}", "%7D")  # no placeholder
        return html.replace(_LOGO, _PICTURE.format(address) if address else "")


@dataclass(frozen=True, slots=True)
class Compiled:
    """A message ready to be rendered any number of times, by any number of threads."""

    name: str
    language: str
    channel: Channel
    purpose: Purpose
    calendar: Literal["REQUEST", "CANCEL"] | None
    claims: tuple[str, ...]
    sources: str
    content_hash: str
    subject: Template
    preheader: Template
    html: Template
    text: Template
    """The plain part of an email, or the whole of a text message."""
    shared: bool
    """Whether personal values are only printed, so that people of one kind share what is rendered."""


def load_sources(folder: Path) -> dict[str, Source]:
    """Read every message folder under `folder`, by name; `claims.toml` lies beside `folder`.

    Raises `TemplateInvalid` for a message that uses a claim it may not, or has a file that no message has, and for a
    frame that cannot be compiled.
    """
    register = read_register(folder.parent / "claims.toml")
    frame = read_frame(folder)
    sources = {}
    for place in sorted(path.parent for path in folder.glob("*/message.toml")):
        sources[place.name] = source_of(place.name, read_folder(place), frame, register)
    return sources


def read_frame(folder: Path) -> dict[str, str]:
    """Read what every message shares, by file name, with the HTML that it comes to; raises `TemplateInvalid`."""
    return with_frame({file: (folder / file).read_text("utf-8") for file in FRAME_FILES if (folder / file).is_file()})


def source_of(name: str, files: Mapping[str, str], frame: Mapping[str, str], register: Register) -> Source:
    """Put one message's own files into the frame, with what its bodies come to and how its claims are cited.

    Raises `TemplateInvalid` for a body that cannot be read, and for a claim that may not be made.
    """
    whole = with_bodies(name, dict(files))
    claims = read_front_matter(name, _file(Source(name, whole), "message.toml")).claims
    return Source(name, {**frame, **whole}, register.cite(claims, message=name))


@lru_cache(maxsize=128)
def compile_all(source: Source, look: Look = Look()) -> Mapping[str, Compiled]:  # a value that never changes
    """Make a message ready in all its languages, the same words once in each process; see `compile_source`."""
    return MappingProxyType({code: compile_source(source, look, code) for code in languages_of(source)})


def languages_of(source: Source) -> tuple[str, ...]:
    """List the languages of a message: English, and each other one that any part of it is in."""
    other = [code for code in LANGUAGES if code != ENGLISH]
    told = read_languages(source.name, _file(source, "message.toml"))
    kinds = ("body.{}.html", "body.{}.txt", "sms.{}.txt")
    return (
        ENGLISH,
        *(code for code in other if code in told or any(kind.format(code) in source.files for kind in kinds)),
    )


def compile_source(
    source: Source,
    look: Look = Look(),  # a value that never changes
    language: str = ENGLISH,
) -> Compiled:
    """Check a message against the closed list and make it ready to render, in one language and the clinic's colours.

    Raises `TemplateInvalid` naming file, line and the name or tag at fault.
    """
    check_names(source.name, source.files)
    for name, words in source.files.items():
        check_letters(words, file=name if name in FRAME_FILES else f"{source.name}/{name}", most=FRAME.characters)
    front = read_front_matter(source.name, _file(source, "message.toml"), language)
    plain = _environment(autoescape=False)
    if front.channel is Channel.SMS:
        file = _named("sms.txt", language)
        subject = preheader = html = _line(plain, "", f"{source.name}/{file}", SMS)
        text = _line(plain, _file(source, file), f"{source.name}/{file}", SMS)
    else:
        subject = _line(plain, front.subject, f"{source.name}/message.toml: subject", SUBJECT)
        preheader = _line(plain, front.preheader, f"{source.name}/message.toml: preheader", PREHEADER)
        html = _framed(_environment(autoescape=True), source, front, "html", look)
        text = _framed(plain, source, front, "txt", look)
    return Compiled(
        name=source.name,
        language=language,
        channel=front.channel,
        purpose=front.purpose,
        calendar=front.calendar,
        claims=front.claims,
        sources=source.sources,
        content_hash=source.content_hash,
        subject=subject,
        preheader=preheader,
        html=html,
        text=text,
        shared=only_printed([plain.parse(words) for words in _printed(source, front)]),
    )


def _named(file: str, language: str) -> str:
    """Name the file of a message in a language: `body.html` in English, `body.es.html` in Spanish."""
    stem, _, kind = file.partition(".")
    return file if language == ENGLISH else f"{stem}.{language}.{kind}"


def _printed(source: Source, front: FrontMatter) -> Iterator[str]:
    yield from (front.subject, front.preheader)
    own = (_named(name, front.language) for name in ("body.html", "body.txt", "sms.txt"))
    for name in (f"frame.{front.language}.words", "frame.html", "frame.txt", *own):
        if name in source.files:
            yield source.files[name]


def _environment(*, autoescape: bool) -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        autoescape=autoescape, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.globals.clear()
    environment.tests.clear()
    environment.filters.clear()
    environment.filters["unbroken"] = _unbroken if autoescape else str
    return environment


def _unbroken(value: str) -> str:
    """Keep a date or an hour on one line."""
    return str(value).replace(" ", "\u00a0")


def _line(environment: ImmutableSandboxedEnvironment, text: str, file: str, limit: Limit) -> Template:
    check_words(environment, text, file=file, names=NAMES, macros={}, limit=limit)
    return _ready(environment, text.strip(), file, {})


def _ready(environment: ImmutableSandboxedEnvironment, text: str, file: str, constants: dict[str, object]) -> Template:
    try:
        return environment.from_string(text, globals=constants)
    except (TemplateError, SyntaxError, ValueError, RecursionError) as error:
        # Each part is sound for itself; what they come to together is looked at here only.
        raise TemplateInvalid(f"{file}: cannot be put together with its frame ({type(error).__name__})") from error


def _framed(
    environment: ImmutableSandboxedEnvironment, source: Source, front: FrontMatter, kind: str, look: Look
) -> Template:
    """Put a body into its frame: the macros of the frame come first, so that the body can call them."""
    frame_file, words_file, body_file = (
        f"frame.{kind}",
        f"frame.{front.language}.words",
        _named(f"body.{kind}", front.language),
    )
    file = f"{source.name}/{body_file}"
    # A version from before the words of the frame had a file of their own has them in the frame.
    words = source.files.get(words_file, "") if front.language == ENGLISH else _file(source, words_file)
    frame, body = _file(source, frame_file), _file(source, body_file)
    head, seam, foot = frame.partition(CONTENT)
    if not seam:
        raise TemplateInvalid(f"{written_in(frame_file, source.files)}: {CONTENT} is missing, the place of the message")
    said = check_frame(environment, words, file=words_file, names=FRAME_NAMES, macros={})
    macros = check_sources(environment, source.files, frame_file, said)
    if written := source.files.get(markdown := _named("body.md", front.language)):
        # First, so that a fault is named by the line in which somebody wrote it.
        # Line for line as it stands there: what is rendered is made of it, and has other line ends.
        standing = environment.overlay(trim_blocks=False, lstrip_blocks=False)
        check_words(standing, written, file=f"{source.name}/{markdown}", names=NAMES, macros=macros, limit=BODY)
    check_words(environment, body, file=file, names=NAMES, macros=macros, limit=MADE if written else HAND)
    if kind == "html":
        body = look.dress(dressed(body, _file(source, "frame.toml"), file))
        head, foot = look.dress(head), look.dress(foot)
    constants: dict[str, object] = {
        "strides": strides(front),
        "read": front.read,
        "reads": front.reads,
        "language": front.language,
    }
    return _ready(environment, words + head + body + foot, file, constants)


def _file(source: Source, file: str) -> str:
    text = source.files.get(file)
    if text is None:
        raise TemplateInvalid(f"{source.name}: {file} is missing")
    return text
