"""The registration form: what was sent, what is wrong with it, what it comes to.

Every fault is found in one go and named by field, with a remedy. Values come back as
they were typed, so that a page can show them again.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from starlette.datastructures import FormData

from campaigns.domain.form_fields import PREFIX, FormField, judge
from campaigns.domain.names import clean_name
from campaigns.domain.questions import clean_question
from campaigns.domain.steps import Channel
from campaigns.errors import Rejected
from campaigns.language import gettext, pgettext
from campaigns.operations.addresses import parse_email, parse_phone
from campaigns.store.consents import Wording
from campaigns.web import touch
from campaigns.web.languages import either, said
from campaigns.web.times import known_zone

LONGEST: Final = 1000
"""Characters of a value that are shown again; whatever is longer is wrong anyway."""
_LONGEST_QUESTION: Final = 5000
_NUMBER: Final = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class Typed:
    """What somebody typed, to be shown again as it was."""

    session: str = ""
    zone: str = ""
    """Chosen from the list."""
    guess: str = ""
    """Said by the browser."""
    first_name: str = ""
    email: str = ""
    phone: str = ""
    question: str = ""
    """To the doctor."""
    consent: tuple[str, ...] = ()
    answers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """To the webinar's own fields, by their names in the form."""
    touch: Mapping[str, str] = field(default_factory=dict)
    """What brought them, as the landing page wrote it into the form."""
    shown: str = ""
    """The stamp that says when the form was shown."""
    embedded: bool = False
    """The form stands in a frame of another site's page."""

    def shown_zone(self, clinic_zone: str) -> str:
        """Give the zone in which this person reads times: chosen, else guessed, else the clinic's."""
        return next((zone for zone in (self.zone, self.guess) if known_zone(zone)), clinic_zone)

    @property
    def zone_known(self) -> bool:
        """Whether the person, or their browser, has named a zone that exists."""
        return known_zone(self.zone) or known_zone(self.guess)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A form without faults."""

    session_id: int
    first_name: str
    email: str
    phone: str | None
    consents: tuple[Wording, ...]
    question: str = ""
    """To the doctor; empty if there is none."""
    answers: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """By the id of the field; whatever was left empty is left out."""


Faults = Mapping[str, str]
"""A sentence with a remedy per field, in the order of the page."""


def read_typed(form: FormData) -> Typed:
    """Take the fields as they came; where one came twice, the first of them."""
    values = {name: text_of(form, name) for name in ("session", "zone", "guess", "first_name", "email", "phone")}
    ticks = tuple(value for value in form.getlist("consent") if isinstance(value, str))
    names = [name for name in form if name.startswith(PREFIX)]
    return Typed(
        **values,
        question=text_of(form, "question", most=_LONGEST_QUESTION),
        consent=ticks,
        answers={name: _texts(form, name) for name in names},
        touch=touch.carry({name: text_of(form, name) for name in touch.NAMES}),
        shown=text_of(form, "shown"),
        embedded=text_of(form, "embedded") == "yes",
    )


def check(
    form: FormData,
    typed: Typed,
    *,
    countries: tuple[str, ...],
    wordings: Mapping[int, Wording],
    fields: Sequence[FormField] = (),
) -> tuple[Wanted | None, Faults]:
    """Judge a form as a whole; gives what is wanted only if there is no fault.

    `wordings` are the current ones by id: whoever ticked older words is asked to read the new ones,
    so that the stored wording is always the one that was on the screen.
    """
    faults = _strange(form)
    consents = _consents(typed.consent, wordings, faults)
    session_id = _session(typed.session, faults)
    if typed.zone and not known_zone(typed.zone):
        faults.setdefault("zone", gettext("This is not a time zone we know. Choose one from the list."))
    first_name = tried(faults, "first_name", lambda: clean_name(typed.first_name, field="first_name"))
    email = tried(faults, "email", lambda: parse_email(typed.email))
    phone = None
    if typed.phone.strip():
        phone = tried(faults, "phone", lambda: parse_phone(typed.phone, countries))
    elif any(wording.channel is Channel.SMS for wording in consents):
        faults.setdefault("phone", number_needed())
    answers = _answers(typed, fields, faults)
    question = ""
    if typed.question.strip():
        question = tried(faults, "question", lambda: clean_question(typed.question)) or ""
    if faults or session_id is None or first_name is None or email is None:
        own = [one.name for one in fields]
        order = ("session", "zone", "first_name", "email", "phone", *own, "question", "consent", "leave_empty")
        return None, {name: faults[name] for name in order if name in faults}
    return Wanted(session_id, first_name, email, phone, consents, question, answers), {}


def _strange(form: FormData) -> dict[str, str]:
    """Find what no browser sends from our page."""
    faults: dict[str, str] = {}
    for name, label in _labels().items():
        values = form.getlist(name)
        if len(values) > 1:
            faults[name] = gettext(
                "The %(label)s was sent %(times)d times. Send it once.", label=label, times=len(values)
            )
        elif values and not isinstance(values[0], str):
            faults[name] = gettext("The %(label)s was sent as a file. Type it into the field.", label=label)
        elif values and "\ufffd" in str(values[0]):
            faults[name] = gettext("The %(label)s holds characters we could not read. Type it afresh.", label=label)
    if text_of(form, "leave_empty"):
        faults["leave_empty"] = gettext("A field that people do not see was filled in. Send the form again without it.")
    return faults


def _labels() -> dict[str, str]:
    """Say what is sent once, each as it is called inside a sentence; of a guess no fault is told."""
    return {
        "session": pgettext("field", "session"),
        "zone": pgettext("field", "zone"),
        "first_name": gettext("first name"),
        "email": gettext("email address"),
        "phone": gettext("mobile number"),
        "leave_empty": pgettext("field", "leave empty"),
        "question": pgettext("field", "question"),
    }


def _session(typed: str, faults: dict[str, str]) -> int | None:
    if not typed:
        faults.setdefault("session", gettext("Pick a time for your class."))
    elif not _NUMBER.fullmatch(typed):
        faults.setdefault("session", gettext("We do not know this class. Pick a time from the list."))
    else:
        return int(typed)
    return None


def _consents(ticks: Collection[str], wordings: Mapping[int, Wording], faults: dict[str, str]) -> tuple[Wording, ...]:
    by_text = {str(number): wording for number, wording in wordings.items()}
    if any(tick not in by_text for tick in ticks):
        faults["consent"] = gettext(
            "The words beside a box have changed since you opened the page. Read them, then tick it again."
        )
    return tuple(by_text[tick] for tick in dict.fromkeys(ticks) if tick in by_text)


def _answers(typed: Typed, fields: Sequence[FormField], faults: dict[str, str]) -> dict[int, tuple[str, ...]]:
    """Judge the answers to the fields that stand on the form now; those to others are passed over."""
    found = {}
    for one in fields:
        try:
            answer = judge(one, typed.answers.get(one.name, ()))
        except Rejected as error:
            faults[one.name] = said(error)
        else:
            if answer:
                found[one.id] = answer
    return found


def tried(faults: dict[str, str], name: str, read: Callable[[], str]) -> str | None:
    """Read a field, or note what is wrong with it; None if something is, now or before."""
    if name in faults:
        return None
    try:
        return read()
    except Rejected as error:
        faults[name] = said(error)
        return None


def number_needed() -> str:
    """Say what is wrong where somebody wants texts and gives no number."""
    return gettext("You asked for text reminders, so we need a number. Add one, or untick the box.")


def countries_named(codes: str) -> str:
    """Name the countries of a setting beside the field for the number: `US or CA`."""
    return either(pgettext("short name of a country", "US") if code == "US" else code for code in codes.split(","))


def text_of(form: FormData, name: str, *, most: int = LONGEST) -> str:
    """Give a field as it was typed, cut at `most` characters; empty where it is missing or a file."""
    value = form.get(name, "")
    return value[:most] if isinstance(value, str) else ""


def _texts(form: FormData, name: str) -> tuple[str, ...]:
    return tuple(value[:LONGEST] for value in form.getlist(name) if isinstance(value, str))
