"""Everything a template may say, and nothing else.

A `Letter` holds the facts of one message; `context` turns them into the closed list
`NAMES`. A template that asks for any other name does not compile. This room never looks
anything up: what is not in the letter cannot be said.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlsplit

from campaigns.domain.steps import Attendance, Channel, Purpose
from campaigns.domain.tokens import Links
from campaigns.language import ENGLISH, gettext, name_of, spoken
from campaigns.rendering import times

Value = str | int | bool | tuple[str, ...]

_UNSEEN: Final = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
"""Control characters, line separators, direction marks, halves of a character."""
_BREAK: Final = re.compile(r"\r?\n[ \t]*\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """Who writes: the clinic's facts, the same for every letter."""

    clinic_name: str
    program_name: str
    clinic_address: str
    clinic_phone: str
    clinic_zone: str
    """IANA name."""
    mail_from: str
    """Address in `From` and organizer of calendar entries; receives mail."""
    reply_to: str
    return_path_domain: str
    public_url: str
    id_key: bytes
    """Keys Message-ID, X-Send-Id and the return path; not the secret that signs links."""
    former_id_keys: tuple[bytes, ...] = ()
    """Keys of mail that is out already: what it brings back is still known."""
    relay_tags: tuple[tuple[str, str, str], ...] = ()
    """Headers by which a relay names our message in its receipts: name, what stands before our token, what behind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """All facts that one message is rendered from. Every datetime is aware.

    Raises `ValueError` for a naive datetime, and for a recording whose address is not http(s).
    """

    delivery_id: int
    registration_id: int
    session_id: int
    campaign_id: int
    step_key: str
    purpose: Purpose
    template: str
    demonstration: bool = False
    """No clinician has approved these words; whoever gets them is told so."""
    attempt: int = 0
    """Which hand-off this is; stands in the callback token of a text, nowhere else."""
    recipient: str
    """Email address or E.164 number."""
    first_name: str
    zone: str
    """The registrant's IANA zone; empty means the session's."""

    webinar_slug: str
    webinar_title: str
    """The plain title; it may name a condition and stays inside the mail's body."""
    class_title: str
    """The discreet title for subjects, texts and calendars."""
    host_name: str
    host_role: str
    class_language: str = ENGLISH
    """Code of the language that the talk is given in."""

    starts_at: datetime
    ends_at: datetime
    moved_from: datetime | None = None
    """The start before the last move."""
    session_zone: str
    has_room: bool
    """Whether the place to join is known already."""
    replay_url: str = ""
    """Where the recording is, if it is elsewhere."""
    replay_here: bool = False
    """It is seen on our own watch page, each with a link of their own; this goes before `replay_url`."""
    has_answers: bool = False
    """Whether the webinar's page shows what others asked, with the answers."""
    cancelled: bool = False
    cancelled_reason: str = ""
    next_session_starts_at: datetime | None = None

    calendar_uid: str
    """Never changes for a registration; without a domain it gets the clinic's."""
    calendar_sequence: int
    switched: bool = False
    """Whether this place replaces one in another session."""
    attendance: Attendance = Attendance.UNKNOWN
    has_texts: bool = False
    """Whether text reminders go to this person."""
    answer_title: str = ""
    """What was asked, in general words."""
    answer: tuple[str, ...] = ()
    """The doctor's answer, paragraph by paragraph."""
    asks: bool = False
    """What they ticked waits to be confirmed on their page."""
    offer_ends_at: datetime | None = None
    """Until when a place is kept for somebody on the waiting list."""
    code: str = ""
    """Of the text that carries one: what shows, typed into the personal page, that the number is theirs."""
    now: datetime
    """The instant of rendering."""

    def __post_init__(self) -> None:
        """Refuse what would render into nonsense."""
        moments = (self.starts_at, self.ends_at, self.now, self.moved_from, self.next_session_starts_at)
        for moment in (*moments, self.offer_ends_at):
            if moment is not None and moment.tzinfo is None:
                raise ValueError("a letter's datetimes carry a time zone")
        if self.replay_url and urlsplit(self.replay_url).scheme not in ("http", "https"):
            raise ValueError("replay_url is a full address beginning with https:// or http://")


NAMES: Final = frozenset(
    """
    first_name name_after greeting clinic program class_title class_name class_language webinar_title host host_role
    when date when_short time time_own zone time_clinic clinic_line same_zone
    was_moved old_when old_when_short old_time_own has_next next_when next_time_own
    minutes_left class_state is_soon is_running is_over
    answer_title answer
    offer_until offer_until_short asks code
    has_room has_replay replay_url resumes has_answers
    cancelled cancelled_reason attended left_early missed has_texts switched
    join_url manage_url stop_url landing_url calendar_url
    address phone reply_to sources
    """.split()  # noqa: SIM905  # a table of forty names reads better as words than as a list of strings
)
"""The closed list. Its meaning is documented by `context` and by the templates that use it."""

_SOON_MINUTES: Final = 60


def one_line(value: str) -> str:
    """Make one clean line of a value: no control or direction characters, no runs of blanks."""
    if value.isascii() and value.isprintable():
        return " ".join(value.split()) if "  " in value else value.strip()
    return " ".join(_UNSEEN.sub(" ", value).split())


def paragraphs(text: str) -> tuple[str, ...]:
    """Cut a text at its empty lines; each paragraph comes as one clean line."""
    return tuple(filter(None, (one_line(part) for part in _BREAK.split(text))))


def name_after(first_name: str) -> str:
    """Give the name as it follows a word: `, Jo`; empty without a name."""
    return f", {first_name}" if first_name else ""


Greetings = tuple[str, str]
"""The first line of a letter, with a gap for the name and without one, in one language."""


def greetings() -> Greetings:
    """Give how letters begin in the language spoken now."""
    return gettext("Hello %(name)s,"), gettext("Hello,")


def greeting(first_name: str, ways: Greetings) -> str:
    """Give the first line of a letter."""
    named, plain = ways
    return named % {"name": first_name} if first_name else plain


def context(letter: Letter, sender: Sender, links: Links, *, channel: Channel, sources: str) -> dict[str, Value]:
    """Work out every name of `NAMES` for one letter.

    Times are in the registrant's zone unless the name says clinic. Distances are measured
    from `letter.now`. Free text arrives as one clean line; escaping is the template's work.
    """
    first_name = one_line(letter.first_name)
    class_title = one_line(letter.class_title)
    return {
        "first_name": first_name,
        "name_after": name_after(first_name),
        "greeting": greeting(first_name, greetings()),
        "clinic": one_line(sender.clinic_name),
        "program": one_line(sender.program_name),
        "class_title": class_title,
        "class_name": _inside(class_title),
        "class_language": _other_language(letter.class_language),
        "webinar_title": one_line(letter.webinar_title),
        "host": one_line(letter.host_name) or gettext("our speaker"),
        "host_role": one_line(letter.host_role),
        "has_room": letter.has_room,
        "has_replay": letter.replay_here or bool(letter.replay_url),
        "replay_url": links.watch(letter.registration_id) if letter.replay_here else one_line(letter.replay_url),
        # Whoever was in a room elsewhere left nothing on the watch page to go on from.
        "resumes": letter.replay_here and not letter.has_room,
        "has_answers": letter.has_answers,
        "cancelled": letter.cancelled,
        "cancelled_reason": one_line(letter.cancelled_reason),
        **_person(letter),
        **_addresses(letter, links, channel),
        "address": one_line(sender.clinic_address),
        "phone": one_line(sender.clinic_phone),
        "reply_to": sender.reply_to,
        "sources": sources,
        **_times(letter, sender),
        **_offer(letter),
    }


def _person(letter: Letter) -> dict[str, Value]:
    return {
        "attended": letter.attendance is Attendance.ATTENDED,
        "left_early": letter.attendance is Attendance.LEFT_EARLY,
        "missed": letter.attendance is Attendance.MISSED,
        "has_texts": letter.has_texts,
        "switched": letter.switched,
        "asks": letter.asks,
        "code": letter.code,
        "answer_title": one_line(letter.answer_title),
        "answer": tuple(one_line(part) for part in letter.answer),
    }


def _addresses(letter: Letter, links: Links, channel: Channel) -> dict[str, Value]:
    return {
        "join_url": links.join(letter.registration_id),
        "manage_url": links.manage(letter.registration_id),
        "stop_url": links.stop(letter.registration_id, channel, letter.purpose),
        "landing_url": links.landing(letter.webinar_slug),
        "calendar_url": links.calendar(letter.session_id),
    }


def _offer(letter: Letter) -> dict[str, Value]:
    if letter.offer_ends_at is None:
        return {"offer_until": "", "offer_until_short": ""}
    zone = letter.zone or letter.session_zone
    until, word = times.local(letter.offer_ends_at, zone), times.zone_words(zone)
    time = f"{times.hour(until)} {word}"
    return {
        "offer_until": gettext("%(day)s at %(time)s", day=times.long_date(until), time=time),
        "offer_until_short": f"{times.terse_date(until)}, {time}",
    }


def _times(letter: Letter, sender: Sender) -> dict[str, Value]:
    zone = letter.zone or letter.session_zone
    word, clinic_word = times.zone_words(zone), times.zone_words(sender.clinic_zone)
    own, clinic = times.local(letter.starts_at, zone), times.local(letter.starts_at, sender.clinic_zone)
    other_day = "" if own.date() == clinic.date() else f", {times.long_date(clinic)}"
    minutes = times.minutes_between(letter.now, letter.starts_at)
    before = times.local(letter.moved_from, zone) if letter.moved_from else None
    after = times.local(letter.next_session_starts_at, zone) if letter.next_session_starts_at else None
    return {
        "when": times.long_date(own),
        "date": times.short_date(own),
        "when_short": times.terse_date(own),
        "time": times.hour(own),
        "time_own": f"{times.hour(own)} {word}",
        "zone": word,
        "time_clinic": f"{times.hour(clinic)} {clinic_word}",
        "clinic_line": gettext("%(time)s at the clinic (%(zone)s)", time=times.hour(clinic), zone=clinic_word)
        + other_day,
        "same_zone": own.utcoffset() == clinic.utcoffset(),
        "was_moved": before is not None,
        "old_when": times.long_date(before) if before else "",
        "old_when_short": times.terse_date(before) if before else "",
        "old_time_own": f"{times.hour(before)} {word}" if before else "",
        "has_next": after is not None,
        "next_when": times.long_date(after) if after else "",
        "next_time_own": f"{times.hour(after)} {word}" if after else "",
        "minutes_left": minutes,
        "class_state": times.state(letter.now, letter.starts_at, letter.ends_at, zone),
        "is_soon": 0 < minutes <= _SOON_MINUTES,
        "is_running": letter.starts_at <= letter.now < letter.ends_at,
        "is_over": letter.now >= letter.ends_at,
    }


def _other_language(code: str) -> str:
    """Name the language of the talk where it is another than the letter's; empty where it is the same."""
    return "" if code == spoken() else name_of(code)


def _inside(title: str) -> str:
    """Write a title as it stands inside a sentence: `Runners' class` becomes `runners' class`, `SI` stays."""
    return title[:1].lower() + title[1:] if title[1:2].islower() else title
