"""Every check over every message of a folder, and over what its webinars' pages teach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from campaigns.domain.steps import Channel
from campaigns.errors import TemplateInvalid
from campaigns.language import ENGLISH
from campaigns.lint import (
    claims,
    clients,
    discreet,
    foot,
    languages,
    lengths,
    links,
    phrases,
    sections,
    shape,
    texts,
)
from campaigns.lint.allowing import allowed
from campaigns.lint.compiling import compiled
from campaigns.lint.draft import Draft, read_drafts, register_of
from campaigns.lint.finding import FRAME, REGISTER, Finding, finding
from campaigns.lint.links import ROUTES
from campaigns.lint.reading import counts, words
from campaigns.lint.rendered import Mail, Note, long_notes, mails, notes
from campaigns.rendering.environment import Compiled


@dataclass(frozen=True, slots=True)
class Measure:
    """The size of one message in one language, or of what a page teaches; always that of the largest sample."""

    name: str
    language: str
    words: int
    grade: float
    """Flesch-Kincaid; 0 for another language than English, and for a text message."""
    smog: float
    bytes: int
    """Of the HTML; 0 for a text message and for what a webinar's page teaches."""
    parts: int
    """That a text message takes; 0 for anything else."""
    claims: int


@dataclass(frozen=True, slots=True)
class Report:
    """What a check of a folder has found."""

    findings: tuple[Finding, ...]
    """By message: the register and the frame first, then by name; each by file and line."""
    measures: tuple[Measure, ...]
    messages: int
    """How many there are, with those that could not be measured."""

    def count(self, severity: str) -> int:
        """Count the errors or the warnings."""
        return sum(one.severity == severity for one in self.findings)


def check(folder: Path, routes: Sequence[str] = ROUTES) -> Report:
    """Check every message below a folder of templates, and every webinar's page; links may lead to `routes`.

    Whatever is wrong with one is a finding. Reads the folder, and changes nothing.
    """
    found: list[Finding] = []
    measures: list[Measure] = []
    drafts = read_drafts(folder, found)
    found.extend(languages.check_frame(drafts))
    for draft in drafts:
        own, sizes = check_message(draft, routes)
        found.extend(own)
        measures.extend(sizes)
    register = register_of(folder, [])  # its faults are found above
    for page in sections.read_pages(folder, found):
        found.extend(sections.check(page, register))
        measures.append(_taught(page))
    return Report(tuple(sorted(_first(found), key=_place)), tuple(measures), len(drafts))


def check_message(draft: Draft, routes: Sequence[str] = ROUTES) -> tuple[list[Finding], list[Measure]]:
    """Check one message: what is wrong with it by line, and its size in each language that could be rendered.

    What cannot be read at all was found when the draft was put together.
    """
    own: list[Finding] = []
    measures: list[Measure] = []
    for made in compiled(draft, own).values():
        try:
            measures.append(_read(draft, made, routes, own))
        except TemplateInvalid as refusal:  # such as a number compared with a word
            spot = draft.body(made.language)
            own.append(finding("does-not-compile", draft.name, spot, f"it cannot be rendered: {refusal}"))
    for source in (claims.check, phrases.check, languages.check):
        own.extend(source(draft))
    return sorted(allowed(draft, _first(own)), key=_place), measures


def _read(draft: Draft, made: Compiled, routes: Sequence[str], found: list[Finding]) -> Measure:
    """Check samples of a message in one language, and measure them."""
    if made.channel is Channel.SMS:
        short, long = notes(made), long_notes(made)
        found.extend(_of_notes(draft, short, long, routes))
        return _measured(made, [note.text.body for note in short], parts=max(note.text.segments for note in long))
    written = mails(made)
    found.extend(_of_mails(draft, written, routes))
    size = max(len(mail.html.encode()) for mail in written)
    return _measured(made, [mail.own_words for mail in written], size=size)


def _of_mails(draft: Draft, written: Sequence[Mail], routes: Sequence[str]) -> Iterator[Finding]:
    yield from discreet.check_mails(draft, written)
    yield from links.check_mails(draft, written, routes)
    for one in (shape, clients, foot, lengths):
        yield from one.check(draft, written)


def _of_notes(draft: Draft, short: Sequence[Note], long: Sequence[Note], routes: Sequence[str]) -> Iterator[Finding]:
    yield from discreet.check_notes(draft, short)
    yield from links.check_notes(draft, short, routes)
    yield from texts.check(draft, short, long)


def _measured(made: Compiled, bodies: Sequence[str], *, size: int = 0, parts: int = 0) -> Measure:
    counted = [counts(body) for body in bodies] if size and made.language == ENGLISH else []
    return Measure(
        name=made.name,
        language=made.language,
        words=max(len(words(body)) for body in bodies),
        grade=max((one.grade for one in counted), default=0.0),
        smog=max((one.smog for one in counted), default=0.0),
        bytes=size,
        parts=parts,
        claims=len(made.claims),
    )


def _taught(page: sections.Taught) -> Measure:
    """Measure what a webinar's page teaches: the hardest of its sections."""
    counted = [counts(section.text) for section in page.sections]
    return Measure(
        name=page.name,
        language=ENGLISH,
        words=sum(one.words for one in counted),
        grade=max((one.grade for one in counted), default=0.0),
        smog=max((one.smog for one in counted), default=0.0),
        bytes=0,
        parts=0,
        claims=len({claim for section in page.sections for part in section.parts for claim in part.claims}),
    )


def _first(found: Sequence[Finding]) -> list[Finding]:
    """Keep the first finding of a kind at each line: other situations say the same again."""
    known: dict[tuple[str, str, int], Finding] = {}
    for one in found:
        known.setdefault((one.kind, one.file, one.line), one)
    return list(known.values())


def _place(one: Finding) -> tuple[bool, str, str, int, str]:
    return one.message_name not in (FRAME, REGISTER), one.message_name, one.file, one.line, one.kind
