"""What somebody means who answers a text or an email: stop, start, help, unclear, or a question.

The words are data (`campaigns/rules/inbound_words.toml`); the order in which they count is
here. Doubt never sends: what may mean stop is held until a human has read it. Only the two
keywords start texts again, and nothing here ever keeps or gives back what a person wrote.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Final

from campaigns.domain.bare_words import first_chain, first_of, normalise, trimmed, without

LONGEST: Final = 20_000
"""Characters that are read; what follows them in a mail is hardly ever new."""


class Meaning(StrEnum):
    """What becomes of a message."""

    STOP = auto()
    """Consent is taken back, at once."""
    START = auto()
    """Texts may flow again."""
    HELP = auto()
    """Wants to know who writes, and how to get out."""
    HOLD = auto()
    """May mean stop: nothing more is sent to this address until somebody has read it."""
    QUESTION = auto()
    """For a human; nothing is held."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What one message means."""

    meaning: Meaning
    urgent: bool
    """Has an urgent sign in it, whatever else it means."""
    matched: str
    """The rule's own phrase, or empty; never the person's words."""
    alone: bool = False
    """It says this and nothing more: no human needs to read it."""


@dataclass(frozen=True, slots=True)
class Sign:
    """An urgent sign: any of the phrases or chains, or one phrase of each group, in any order."""

    name: str
    phrases: tuple[str, ...]
    chains: tuple[re.Pattern[str], ...]
    together: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundWords:
    """The phrases of `inbound_words.toml`, each bare; one that ends in `*` stands for all words that begin so."""

    twilio: frozenset[str]
    """Texts that Twilio knows and answers itself."""
    start: frozenset[str]
    yes: frozenset[str]
    """START where a text has just asked for it, else nothing."""
    help: frozenset[str]
    stop: frozenset[str]
    """STOP as the whole message."""
    edges: tuple[str, ...]
    """STOP as the first or last words of a message."""
    phrases: tuple[str, ...]
    chains: tuple[re.Pattern[str], ...]
    """STOP anywhere in a message, as the phrases are."""
    negations: tuple[str, ...]
    """Turn such words round; held, for a human to decide."""
    stems: tuple[str, ...]
    """Held, anywhere in a message."""
    unclear: tuple[str, ...]
    """Held, anywhere in a message, though none of the words that the law names."""
    pictures: tuple[str, ...]
    """Held, anywhere in a message."""
    padding: tuple[str, ...]
    """Courtesies around a word that do not change what it means."""
    look_alikes: tuple[str, ...]
    """Have a word of `edges` in them that means something else there."""
    asking: tuple[str, ...]
    """Make a sentence a question, whose last word is no command."""
    ours: tuple[str, ...]
    """What our own messages say, which a reply may quote without a mark."""
    reactions: frozenset[str]
    """What telephones write before a text that somebody has put a heart on."""
    of_texts: tuple[str, ...]
    of_emails: tuple[str, ...]
    of_all: tuple[str, ...]
    urgent: tuple[Sign, ...]
    calm: tuple[str, ...]
    """Taken out before urgent signs are looked for."""
    replies: Mapping[str, str]
    """`help`, `stop_confirmation`, `start_confirmation`, `safety`; `str.format` fills in clinic, program, contact."""


@dataclass(frozen=True, slots=True)
class Mentions:
    """Which channels somebody speaks of who wants to hear no more; at least one."""

    texts: bool
    emails: bool


_TOLD: Final = {"STOP": Meaning.STOP, "START": Meaning.START, "HELP": Meaning.HELP}
_SENTENCE: Final = re.compile(r"[.!?;:¿¡…\n]+")
_REACTION: Final = re.compile(r"""([^"“«]{0,60})["“«].*["”»]([^"”»]*)""", re.DOTALL)
_GREETING: Final = 4
"""Words at most in a line that only greets."""
_GREETINGS: Final = 10
"""Lines at most that are passed over as greetings."""

_ATTRIBUTION: Final = re.compile(r"(?:on|el) .*\d.*|.*@.*", re.DOTALL)
_WROTE: Final = ("wrote:", "escribió:", "escribio:")
_HEAD: Final = re.compile(r"\W*(?:from|de):", re.IGNORECASE)
_HEAD_GOES_ON: Final = re.compile(r"\W*(?:sent|date|to|subject|enviado(?: el)?|fecha|para|asunto):", re.IGNORECASE)
_RULER: Final = re.compile(
    r"-{2,}\s*(?:original message|forwarded message|mensaje original|mensaje reenviado)\s*-{2,}|_{10,}|--"
    r"|begin forwarded message:",
    re.IGNORECASE,
)
_BY_MACHINE: Final = re.compile(r">|(?:sent from|get outlook for|enviado desde|obtener outlook para)\b", re.IGNORECASE)
_SPAN: Final = 3
"""Lines at most over which mail programs break the line that introduces a quotation."""


def understand(
    text: str, words: InboundWords, *, opt_out: str = "", email: bool = False, pending_yes: bool = False
) -> Understood:
    """Say what a message means. Never raises, whatever the text; capitals and marks around it change nothing.

    `opt_out` is what Twilio has made of it (`STOP`, `START`, `HELP`) and counts before all else.
    An email is read without what it quotes, and never means START or HELP: texts start again
    by text only, and no email is answered by itself. YES means START only where `pending_yes`
    says that it was asked for.
    """
    said = new_words(text) if email else _without_reaction(text[:LONGEST], words)
    bare = without(words.ours, normalise(said))
    urgent = _is_urgent(bare, words)
    told = _TOLD.get(opt_out.strip().upper())
    if told is None and not email:
        told = _keyword(bare, words, pending_yes=pending_yes)
    if told is not None:
        return Understood(told, urgent, told.value, alone=True)
    for whole in (bare, trimmed(words.padding, bare)):
        if whole in words.stop:
            return Understood(Meaning.STOP, urgent, whole, alone=True)
    meaning, matched = _free(said, bare, words, email=email)
    return Understood(meaning, urgent, matched)


def is_keyword(text: str, words: InboundWords) -> bool:
    """Say whether Twilio, unless told otherwise, answers this text itself: one word and nothing around it."""
    return text.strip().casefold() in words.twilio


def mentions_texts(text: str, words: InboundWords) -> Mentions:
    """Say which channels an email speaks of that takes back consent; without a word of either, emails."""
    said = new_words(text)
    bare = normalise(said)
    everything = bool(first_of(words.of_all, bare))
    texts = everything or bool(first_of(words.of_texts, bare))
    # A line that says no more than STOP is about the emails it answers, whatever number stands below it.
    alone = any(trimmed(words.padding, normalise(line)) in words.stop for line in said.split("\n"))
    return Mentions(texts, everything or alone or not texts or bool(first_of(words.of_emails, bare)))


def _keyword(bare: str, words: InboundWords, *, pending_yes: bool) -> Meaning | None:
    if bare in words.start or (pending_yes and bare in words.yes):
        return Meaning.START
    return Meaning.HELP if bare in words.help else None


def _free(said: str, bare: str, words: InboundWords, *, email: bool) -> tuple[Meaning, str]:
    # Sentence by sentence: “No. Stop texting me” negates nothing.
    for sentence in _sentences(said, words):
        if found := first_of(words.negations, sentence):
            return Meaning.HOLD, found
    if found := first_of(words.phrases, bare) or first_chain(words.chains, bare):
        return Meaning.STOP, found
    if found := _at_an_edge(_opening(said, words) if email else said, words):
        return Meaning.STOP, found
    pictured = next((picture for picture in words.pictures if picture in said), "")
    if found := first_of(words.stems, bare) or first_of(words.unclear, bare) or pictured:
        return Meaning.HOLD, found
    return Meaning.QUESTION, ""


def _at_an_edge(said: str, words: InboundWords) -> str:
    core = trimmed(words.padding, without(words.ours, normalise(said)))
    if core in words.stop:
        return core
    core = without(words.look_alikes, core)
    for word in words.edges:
        if core.startswith(f"{word} "):
            return word
    last = next((word for word in words.edges if core.endswith(f" {word}")), "")
    return "" if last and first_of(words.asking, _sentences(said, words)[-1]) else last


def _opening(said: str, words: InboundWords) -> str:
    """Give the first line that does more than greet; later lines of a mail may end in any word."""
    for line in said.split("\n", _GREETINGS)[:_GREETINGS]:
        bare = normalise(line)
        core = trimmed(words.padding, bare)
        greets = core != bare and len(bare.split()) <= _GREETING and not _at_an_edge(line, words)
        if core and not greets:
            return line
    return ""


def _sentences(said: str, words: InboundWords) -> Sequence[str]:
    """Give what is said sentence by sentence, bare, without those that are courtesy only; at least an empty one."""
    bare = map(normalise, _SENTENCE.split(said))
    return [sentence for sentence in bare if trimmed(words.padding, sentence)] or [""]


def _is_urgent(bare: str, words: InboundWords) -> bool:
    bare = without(words.calm, bare)
    return any(_shows(sign, bare) for sign in words.urgent)


def _shows(sign: Sign, bare: str) -> bool:
    if first_of(sign.phrases, bare) or first_chain(sign.chains, bare):
        return True
    return bool(sign.together) and all(first_of(group, bare) for group in sign.together)


def _without_reaction(text: str, words: InboundWords) -> str:
    # A telephone sends our own text back with a heart: the STOP in it is ours, not theirs.
    found = _REACTION.fullmatch(text)
    reacts = found and normalise(found[1]) in words.reactions and not normalise(found[2])
    return found[1] if found and reacts else text


def new_words(text: str) -> str:
    """Give what the writer of a mail has added: no quoted mail, no signature, no line that a telephone adds.

    Answers between and below lines marked `>` are kept. Quoted mail without such marks begins
    with a line that names its writer, or with a head, and goes on to the end.
    """
    lines = [line.strip() for line in text[:LONGEST].splitlines()]
    kept: list[str] = []
    place = 0
    while place < len(lines) and not _begins_the_old(lines[place : place + 1 + _SPAN]):
        span = _introduces(lines[place : place + _SPAN])
        if span and not next((line for line in lines[place + span :] if line), "").startswith(">"):
            break
        if not span and not _BY_MACHINE.match(lines[place]):
            kept.append(lines[place])
        place += span or 1
    return "\n".join(kept).strip()


def _begins_the_old(lines: Sequence[str]) -> bool:
    head = _HEAD.match(lines[0]) and any(_HEAD_GOES_ON.match(line) for line in lines[1:])
    return bool(head or _RULER.fullmatch(lines[0]))


def _introduces(lines: Sequence[str]) -> int:
    """Give over how many lines a quotation is introduced here; zero if it is not."""
    for span in range(1, len(lines) + 1):
        joined = " ".join(lines[:span]).casefold()
        if joined.endswith(_WROTE):
            return span if _ATTRIBUTION.fullmatch(joined) else 0
        if not joined.startswith(("on ", "el ")):
            return 0
    return 0
