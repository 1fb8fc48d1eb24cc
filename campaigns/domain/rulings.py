"""What a provider's answer means: judged by the rows of a table, of which the first that fits counts.

The tables are data (`campaigns/rules/smtp_replies.toml` and `twilio_codes.toml`), read once and
handed in. This room never raises over what a provider said: an answer that no row names falls
to the last row, which fits every answer.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from campaigns.domain.steps import Channel

NO_CODE: Final = "none"
"""Stands in the place of an enhanced code where the answer has none."""
_ENHANCED: Final = re.compile(r"([245])\.([0-7])\.([0-9]{1,3})")
"""RFC 3463; the registry knows no subject above 7, which keeps version numbers out."""
_ENHANCED_IN_TEXT: Final = re.compile(rf"(?<![\w.]){_ENHANCED.pattern}(?!\w|\.[0-9])")
_OPENING_CODE: Final = re.compile(r"\s*([245])[0-9]{2}[ -]")
_WORD: Final = re.compile(r"[^\W_]+")
_LONGEST: Final = 2_000
"""Characters of an answer that are looked through for words."""
_MOST: Final = 1_000_000
"""No code of any provider is longer than this."""


class Act(StrEnum):
    """What becomes of the delivery."""

    RETRY = "retry"
    REFUSE = "refuse"
    UNKNOWN = "unknown"
    """Nobody can say whether the message left."""


class ToAddress(StrEnum):
    """What the answer means for the address it is about."""

    KEEP = "keep"
    SUPPRESS = "suppress"
    """Nothing goes there any more."""
    SOFT = "soft"
    """It counts; too many of them suppress."""
    SECOND = "second"
    """It suppresses when it comes again on another day."""
    INCAPABLE = "incapable"
    """A number that cannot receive texts: no text goes there any more."""


class ToStream(StrEnum):
    """What the answer means for everything else on the same way out."""

    KEEP = "keep"
    SLOW = "slow"
    PAUSE_DOMAIN = "pause_domain"
    """Nothing goes to the recipient's mail domain for a while."""
    PAUSE = "pause"
    """Nothing goes out until a person lifts the pause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Strikes:
    """How many failures of one address are too many."""

    count: int
    span: timedelta = timedelta(0)
    """The least time from the first of them to the last."""
    within: timedelta | None = None
    """Older ones than this, seen from the newest, no longer count."""
    days: int = 1
    """On so many different days, by UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """What follows from an answer: one row of a table."""

    key: str
    """The row's name, which stays the same when its words change."""
    words: str
    """What it means, for staff."""
    act: Act
    wait: timedelta | None = None
    """The least wait before a retry; None leaves it to the usual steps."""
    once: bool = False
    """At most one more try."""
    slow: int = 1
    """Waits are multiplied by this."""
    address: ToAddress = ToAddress.KEEP
    strikes: Strikes | None = None
    """When a counted failure suppresses; None: as usual on the channel."""
    stream: ToStream = ToStream.KEEP
    alert: str = ""
    """Whom it should wake: `bug`, `template`, `config`, `page` or `review`; empty: nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer, spelt so that rows can be compared with it; an empty part fits no condition on that part."""

    code: str = ""
    enhanced: str = ""
    status: str = ""
    says: str = ""
    """Its words as `spelt`."""
    later: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """Conditions that must all hold; each is a list of which one must fit, and none at all always holds.

    At the end of a code an `x` stands for any digit (`45x`, `21xxx`), in an enhanced code for any
    number (`5.7.x`).
    """

    code: tuple[str, ...] = ()
    """Of an SMTP reply, or Twilio's."""
    enhanced: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    """Of HTTP."""
    says: tuple[str, ...] = ()
    """Beginnings of words, or of several in a row, as `spelt`."""
    later: bool | None = None
    """True: only if it was told after the hand-off, by a failed DSN or a callback; False: only at the hand-off."""

    def fits(self, answer: Answer) -> bool:
        """Say whether every condition holds."""
        return (
            _one_of(self.code, answer.code, _is_code)
            and _one_of(self.enhanced, answer.enhanced, _is_enhanced)
            and _one_of(self.status, answer.status, _is_code)
            and _one_of(self.says, answer.says, _is_said)
            and (self.later is None or self.later == answer.later)
        )


@dataclass(frozen=True, slots=True)
class Row:
    """A ruling and the answers that it is for: those that fit one of its matches."""

    matches: tuple[Match, ...]
    """None at all: no answer; the row is found by its name."""
    ruling: Ruling


@dataclass(frozen=True, slots=True)
class _Table:
    rows: tuple[Row, ...]
    """In the order in which they are tried; the last one fits every answer."""

    def named(self, key: str) -> Ruling:
        """Give the row of that name; raises `KeyError` if there is none."""
        return {row.ruling.key: row.ruling for row in self.rows}[key]

    def judge(self, answer: Answer) -> Ruling:
        """Give the first row that fits."""
        fitting = (row.ruling for row in self.rows if any(match.fits(answer) for match in row.matches))
        return next(fitting, self.rows[-1].ruling)


class SmtpTable(_Table):
    """What SMTP replies mean."""

    __slots__ = ()


class TwilioTable(_Table):
    """What Twilio's codes and HTTP statuses mean."""

    __slots__ = ()


def judge_reply(
    table: SmtpTable, code: int, enhanced: str, words: str, *, final: bool = False, ours: bool = False
) -> Ruling:
    """Judge an SMTP reply; an empty `enhanced` means that it has none.

    The first digit decides between later and never, so an enhanced code of another class is passed
    over. Not so when a DSN says `failed` (`final`): there the class means nothing, the enhanced code
    goes before the reply, and nothing is tried again (RFC 3464 §2.3.3). `ours` says that the reply was
    to our greeting, login or sender: then it is not about the recipient, and neither their address nor
    their domain pays for it.
    """
    digits, sound = _digits(code), _sound(enhanced)
    if sound not in (NO_CODE, "") and sound[0] != digits[:1]:
        digits, sound = (f"{sound[0]}xx", sound) if final else (digits, "")
    ruling = table.judge(Answer(code=digits, enhanced=sound, says=spelt(words), later=final))
    if final and ruling.act is not Act.REFUSE:
        ruling = replace(ruling, act=Act.REFUSE, wait=None, once=False, slow=1)
    if ours:
        whole = ToStream.KEEP if ruling.stream is ToStream.PAUSE_DOMAIN else ruling.stream
        ruling = replace(ruling, address=ToAddress.KEEP, strikes=None, stream=whole)
    return ruling


def judge_code(table: TwilioTable, code: int | None, http_status: int | None, *, callback: bool) -> Ruling:
    """Judge Twilio's answer to a request by code and status, or what a status callback says by its code."""
    return table.judge(Answer(code=_digits(code), status=_digits(http_status), later=callback))


def enhanced_of(text: str, code: int | None = None) -> str:
    """Find the enhanced status code in a reply's text, such as `5.1.1`; empty if there is none.

    Its class must be that of the reply, if `code` gives it or the text begins with it.
    """
    opening = _OPENING_CODE.match(text)
    digit = _digits(code)[:1] or (opening[1] if opening else "")
    for found in _ENHANCED_IN_TEXT.finditer(text):
        if not digit or found[1] == digit:
            return _sound(found[0])
    return ""


def spelt(words: str) -> str:
    """Put words into the spelling they are compared in: letters and digits, small, one space before each word."""
    return "".join(f" {word}" for word in _WORD.findall(words[:_LONGEST].lower()))


_USUAL: Final[Mapping[tuple[ToAddress, Channel], Strikes]] = {
    (ToAddress.SOFT, Channel.EMAIL): Strikes(count=3, span=timedelta(days=7)),
    (ToAddress.SOFT, Channel.SMS): Strikes(count=3, within=timedelta(days=7)),
}
_TWO_DAYS: Final = Strikes(count=2, days=2)


def suppress_now(
    effect: ToAddress, channel: Channel, times: Sequence[datetime], strikes: Strikes | None = None
) -> bool:
    """Say whether an address must be suppressed after failures at these times, the newest one included.

    `times` are aware, in any order. `strikes` are those of the ruling, as its table has them.
    """
    if effect not in (ToAddress.SOFT, ToAddress.SECOND):
        return effect is not ToAddress.KEEP
    limit = strikes or _USUAL.get((effect, channel), _TWO_DAYS)
    if not times:
        return False
    newest = max(times)
    counted = [at for at in times if limit.within is None or newest - at <= limit.within]
    return (
        len(counted) >= limit.count
        and newest - min(counted) >= limit.span
        and len({at.astimezone(UTC).date() for at in counted}) >= limit.days
    )


def _one_of(wanted: tuple[str, ...], found: str, fits: Callable[[str, str], bool]) -> bool:
    return not wanted or any(fits(one, found) for one in wanted)


def _is_code(wanted: str, found: str) -> bool:
    return len(found) == len(wanted) and found.startswith(wanted.rstrip("x"))


def _is_enhanced(wanted: str, found: str) -> bool:
    return found.startswith(wanted[:-1]) if wanted.endswith("x") else found == wanted


def _is_said(wanted: str, found: str) -> bool:
    return wanted in found


def _digits(code: int | None) -> str:
    return str(code) if code is not None and 0 <= code < _MOST else ""


def _sound(enhanced: str) -> str:
    stripped = enhanced.strip()
    found = _ENHANCED.fullmatch(stripped)
    if not found:
        return "" if stripped else NO_CODE
    return ".".join(str(int(part)) for part in found.groups())
