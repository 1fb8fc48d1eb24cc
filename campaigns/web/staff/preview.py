"""Preview a message as anyone: HTML, plain part, calendar and headers, or a text on a phone; exactly the bytes.

Looking changes nothing. It is open to every role as invented people, to marketing and admin as real
ones. No address ever stands in an address: a registrant is found by a form that leads on to the number
of the registration.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import APIRouter
from starlette.responses import Response

from campaigns.domain.lifecycle import Status
from campaigns.domain.messages import Email, Message, Text
from campaigns.domain.personas import PERSONAS
from campaigns.domain.reasons import Reason
from campaigns.domain.steps import Channel, Step
from campaigns.errors import NotAllowed, NotFound, Rejected
from campaigns.language import ENGLISH, NAMES
from campaigns.operations.addresses import parse_email, parse_phone
from campaigns.operations.edition import DRAFT, Edition, edition_to_preview
from campaigns.operations.occasion import Bar
from campaigns.operations.preview import Seen, Wanted, hand_over, see
from campaigns.rendering.environment import languages_of
from campaigns.store.drafts import read_draft
from campaigns.store.engine import Connection
from campaigns.store.people import place, registrants_at
from campaigns.store.previews import newest_place, uses_of
from campaigns.store.reports import audiences
from campaigns.store.versions import versions_of
from campaigns.web.alone import alone
from campaigns.web.staff import words
from campaigns.web.staff.desk import Acting, Name, Signed, Visit, go_to
from campaigns.web.staff.previewed import mail_of, note_of
from campaigns.web.staff.standing import captured_channels

router = APIRouter()

_MOMENTS: Final = (
    ("", "When it is due"),
    ("now", "Now"),
    ("soon", "40 minutes before the class"),
    ("running", "5 minutes into the class"),
    ("over", "A day after the class"),
)
_PHONES: Final = ("375", "320")
_SCHEMES: Final = ("light", "dark")
_LONGEST: Final = 100
_DIGITS: Final = 18
"""Of the number of a row at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What the address of a preview says after the question mark; empty is the usual."""

    version: str = ""
    who: str = ""
    step: str = ""
    webinar: str = ""
    language: str = ""
    at: str = ""
    part: str = ""
    phone: str = ""
    """Width of the narrow view in pixels."""
    scheme: str = ""
    images: str = ""

    @classmethod
    def read(cls, values: Mapping[str, Any]) -> Query:
        """Read a query or a form; what can be no value of ours counts as not said."""
        given = {one.name: values.get(one.name, "") for one in fields(cls)}
        return cls(
            **{key: it for key, it in given.items() if isinstance(it, str) and len(it) <= _LONGEST and it.isprintable()}
        )

    def to(self, name: str, rest: str = "", **changes: str) -> str:
        """Give the address of a preview, with some things changed."""
        said = {key: value for key, value in self.said(**changes).items() if value}
        address = f"/staff/messages/{name}/preview{rest}"
        return f"{address}?{urlencode(said)}" if said else address

    def said(self, **changes: str) -> dict[str, str]:
        """Give what it says by name, with some things changed."""
        return {one.name: changes.get(one.name, getattr(self, one.name)) for one in fields(self)}

    def wanted(self, name: str) -> Wanted:
        """Give what the preview is asked for."""
        return Wanted(name=name, who=self.who, step=self.step, webinar=self.webinar, language=self.language, at=self.at)


@dataclass(frozen=True, slots=True)
class Shown:
    """A message, for whom it is, and what stands beside it."""

    seen: Seen
    message: Message
    language: str
    """What it is written in."""
    edition: Edition
    approved: bool
    people: int
    """About how many of the session would get it; 0 if nobody can tell."""


@router.get("/staff/messages/{name}/preview")
def show_preview(visit: Signed, name: Name) -> Response:
    """Show a message as somebody would get it."""
    return preview_page(visit, name, Query.read(visit.request.query_params))


@router.get("/staff/messages/{name}/preview/html")
def show_html(visit: Signed, name: Name) -> Response:
    """Give the HTML of an email alone, for a frame; raises `NotFound` for a text."""
    query = Query.read(visit.request.query_params)
    message = _only_email(visit, name, query)
    mail = mail_of(message, "", visit.now).read
    return alone(mail.html, images=query.images != "off", scheme=query.scheme if query.scheme in _SCHEMES else "")


@router.get("/staff/messages/{name}/preview/message.eml")
def download(visit: Signed, name: Name) -> Response:
    """Give an email byte by byte as it would be handed over; raises `NotFound` for a text."""
    message = _only_email(visit, name, Query.read(visit.request.query_params))
    headers = {"Content-Disposition": f'attachment; filename="{name}.eml"', "Cache-Control": "no-store"}
    return Response(message.raw, media_type="message/rfc822", headers=headers)


@router.post("/staff/messages/{name}/preview/person")
def find_person(act: Acting, name: Name) -> Response:
    """Find a registrant by number, email or phone, and lead on to the preview as them."""
    query, typed = Query.read(act.form), act.text("person")
    _may_see_people(act.visit)
    try:
        with act.visit.transaction() as db:
            number = _registration(act.visit, db, typed)
    except Rejected as wrong:
        return preview_page(act.visit, name, query, str(wrong), typed)
    return go_to(query.to(name, who=str(number)))


def preview_page(visit: Visit, name: str, query: Query, wrong: str = "", typed: str = "") -> Response:
    """Give the page; after somebody was not found with why, and with what was `typed` to find them."""
    shown, fault = None, ""
    with visit.transaction() as db:
        versions, uses, drafted = versions_of(db, name), uses_of(db, name), read_draft(db, name) is not None
        try:
            shown = _show(visit, db, name, query)
        except NotFound:
            raise
        except Rejected as error:
            fault = str(error)
    return visit.page(
        "preview.html",
        active="messages",
        status=422 if wrong or fault else 200,
        name=name,
        query=query,
        fault=fault,
        wrong=wrong,
        typed=typed[:_LONGEST],
        personas=PERSONAS,
        versions=[(DRAFT, "The draft")] * drafted
        + [(one.id, f"Version {one.number}, {words.when(one.created_at, visit.zone, visit.now)}") for one in versions],
        uses=uses,
        several=len({one.slug for one in uses}) > 1,
        languages=NAMES,
        moments=_MOMENTS,
        **_facts(visit, query, shown),
    )


def _may_see_people(visit: Visit) -> None:
    """A registrant's message holds links that open their page; raises `NotAllowed` for who has no need of it."""
    if not visit.may_edit:
        raise NotAllowed("Only marketing and admin may preview as somebody who registered. Choose an invented person.")


def _show(visit: Visit, db: Connection, name: str, query: Query) -> Shown:
    runtime = visit.runtime
    if query.who.isdecimal():
        _may_see_people(visit)
    folder = runtime.templates / "messages"
    edition = edition_to_preview(db, name, query.version, folder, captured_channels(visit))
    seen = see(db, query.wanted(name), edition.source, runtime.rules, visit.now)
    occasion = seen.occasion
    marked, approved = edition.marked(db, occasion.at), edition.may_leave(db, occasion.at)
    # Words that may not leave carry no signature of the clinic's: whoever downloads them could send them on.
    signed = approved and edition.goes_out
    message = hand_over(runtime.words, edition.source, occasion, demonstration=marked, signed=signed)
    session_id, language = occasion.item.session_id, occasion.item.language
    return Shown(
        seen=seen,
        message=message,
        language=language if language in languages_of(edition.source) else ENGLISH,
        edition=edition,
        approved=approved,
        people=audiences(db, session_id).of(seen.use.step) if session_id else 0,
    )


def _only_email(visit: Visit, name: str, query: Query) -> Email:
    with visit.transaction() as db:
        message = _show(visit, db, name, query).message
    if not isinstance(message, Email):
        raise NotFound
    return message


def _registration(visit: Visit, db: Connection, typed: str) -> int:
    """Find a registration by what somebody typed; raises `Rejected` where there is none."""
    if not typed:
        raise Rejected("Type the number of a registration, an email address or a phone number.")
    if typed.isdecimal() and len(typed) <= _DIGITS and place(db, int(typed)) is not None:
        return int(typed)
    if "@" in typed:
        channel, address = Channel.EMAIL, parse_email(typed)
    else:
        countries = tuple(visit.runtime.settings.sms_countries.split(","))
        channel, address = Channel.SMS, parse_phone(typed, countries)
    found = newest_place(db, registrants_at(db, channel, address))
    if found is None:
        raise Rejected("Nobody has registered with this. Look for another spelling, or choose somebody invented.")
    return found


def _facts(visit: Visit, query: Query, shown: Shown | None) -> dict[str, Any]:
    """Give what the page says of the message itself; nothing but its absence where it cannot be shown."""
    if shown is None:
        return {"shown": None, "person": "", "part": "", "mail": None, "note": None}
    occasion, zone, message = shown.seen.occasion, visit.zone, shown.message
    found = shown.seen.place
    mail = mail_of(message, shown.language, visit.now) if isinstance(message, Email) else None
    price = visit.runtime.settings.segment_price
    parts = [key for key, _ in mail.parts] if mail else []
    return {
        "shown": shown,
        "occasion": occasion,
        "who": shown.seen.persona.key if shown.seen.persona else str(occasion.item.registration_id),
        "person": f"{found.first_name} {found.last_name}".strip() or "no name" if found else "",
        "when": f"{words.when(occasion.at, zone, visit.now)} {words.letters(occasion.at, zone)}",
        "session": words.when(occasion.item.about.session.starts_at, zone, visit.now),
        "bar": _bar_words(occasion.bar, occasion.step, visit),
        "gone": _gone_words(shown, visit),
        "rule": f"{words.rule(occasion.step)}; for {words.audience(occasion.step)}" if occasion.step.key else "",
        "mail": mail,
        "note": note_of(message, price, shown.people) if isinstance(message, Text) else None,
        "part": query.part if query.part in parts else parts[0] if parts else "",
        "phone": query.phone if query.phone in _PHONES else _PHONES[0],
        "phones": _PHONES,
        "scheme": query.scheme if query.scheme in _SCHEMES else "light",
        "schemes": _SCHEMES,
    }


def _bar_words(bar: Bar | None, step: Step, visit: Visit) -> str:
    """Say why it would not leave at that moment; empty if it would."""
    if bar is None:
        return ""
    if bar.kind == "stopped":
        return "Would wait: a kill switch holds back messages of this kind."
    if bar.kind == "not yet":
        return f"Would not be sent to this person yet: it waits for {words.reason(bar.reason)}."
    if bar.kind == "held" and bar.until is not None:
        return f"Would wait until {words.when(bar.until, visit.zone, visit.now)}: {words.reason(bar.reason)}."
    why = f"it is for {words.people(step)}" if bar.reason == Reason.OTHER_AUDIENCE else words.reason(bar.reason)
    return f"Would not be sent to this person: {why}."


def _gone_words(shown: Shown, visit: Visit) -> str:
    """Say what became of its row in the ledger; empty while it waits, or without one."""
    row = shown.seen.occasion.recorded
    if row is None or row.status in (Status.PLANNED, Status.QUEUED):
        return ""
    if row.sent_at is not None:
        return f"It went out {words.when(row.sent_at, visit.zone, visit.now)}; this is made from what is known now."
    why = f": {words.reason(row.reason)}" if row.reason else ""
    return f"Its row in the ledger says {row.status.name.lower()}{why}."
