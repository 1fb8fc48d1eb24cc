"""What the stand-in for Twilio remembers of each message, and how it shows it: as a resource, as a page of a list.

Lists are indexed by recipient. Pages are cut by the name of the message they begin after,
so that texts which arrive meanwhile neither show up twice nor push others out.
"""

from __future__ import annotations

import json
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import parse_qsl, urlencode, urlsplit

from campaigns.clock import Clock, system_clock
from campaigns.domain.segments import count

ACCOUNT = "AC" + "0" * 32
TOKEN = "token-of-the-tests"
SERVICE_SENDER = "+12075550100"
"""The number from which a messaging service texts."""
BASE = f"/2010-04-01/Accounts/{ACCOUNT}"
PAGE, LONGEST_PAGE = 50, 1000


@dataclass(frozen=True, kw_only=True)
class Sms:
    """One message as Twilio took it."""

    sid: str
    at: float
    """Real time of arrival, in seconds since the epoch."""
    virtual: str
    """The same instant by the clock file, ISO 8601. This is the time Twilio shows."""
    fields: dict[str, str]

    @property
    def to(self) -> str:
        return self.fields["To"]

    @property
    def body(self) -> str:
        return self.fields["Body"]

    @property
    def number(self) -> int:
        """Count of the message; later ones have higher numbers."""
        return int(self.sid.removeprefix("SM"), 16)


@dataclass
class State:
    """What has become of a message."""

    status: str
    updated: datetime
    sent: datetime | None = None
    """None while it waits in Twilio's queue."""
    error_code: int | None = None


@dataclass(frozen=True, kw_only=True)
class Report:
    """One attempt of the server at telling somebody a status."""

    sid: str
    status: str
    answer: int
    """HTTP status; 0 if there was no answer or the address was not on this machine."""
    attempt: int
    at: float


class Store:
    """What arrived and what was reported, in memory and, if wanted, in two files of a folder."""

    def __init__(self, folder: Path | None = None, *, clock: Clock = system_clock) -> None:
        self.messages: dict[str, Sms] = {}
        self.states: dict[str, State] = {}
        self.reports: list[Report] = []
        self.clock = clock
        self._all: list[Sms] = []
        self._to: dict[str, list[Sms]] = {}
        self._received: BinaryIO | None = None
        self._reported: BinaryIO | None = None
        if folder:
            folder.mkdir(parents=True, exist_ok=True)
            self._received = (folder / "received.jsonl").open("ab", buffering=0)
            self._reported = (folder / "reported.jsonl").open("ab", buffering=0)

    def add(self, fields: dict[str, str]) -> Sms:
        now = self.clock()
        sid = f"SM{len(self._all) + 1:032x}"
        sms = Sms(sid=sid, at=time.time(), virtual=now.isoformat(), fields=fields)
        self._all.append(sms)
        self._to.setdefault(sms.to, []).append(sms)
        self.states[sid] = State("accepted" if "MessagingServiceSid" in fields else "queued", now)
        self.messages[sid] = sms
        if self._received:
            self._received.write(json.dumps(asdict(sms)).encode() + b"\n")
        return sms

    def move(self, sid: str, status: str, error_code: int = 0) -> None:
        """Say that a message has got so far; it counts as sent from its first status after the queue."""
        now, state = self.clock(), self.states[sid]
        sent = state.sent or (now if status in ("sent", "delivered", "undelivered") else None)
        self.states[sid] = State(status, now, sent, error_code or None)

    def report(self, sid: str, status: str, answer: int, attempt: int) -> None:
        made = Report(sid=sid, status=status, answer=answer, attempt=attempt, at=time.time())
        self.reports.append(made)
        if self._reported:
            self._reported.write(json.dumps(asdict(made)).encode() + b"\n")

    def addressed_to(self, number: str | None) -> list[Sms]:
        """Give the messages to one number, or to all, oldest first; not to be changed."""
        return self._all if number is None else self._to.get(number, [])

    def sender(self, sms: Sms) -> str | None:
        """Give the number it goes out from; a service chooses one when it takes the text from its queue."""
        chosen = None if self.states[sms.sid].status == "accepted" else SERVICE_SENDER
        return sms.fields.get("From", chosen)

    def resource(self, sms: Sms) -> dict[str, Any]:
        """Show a message as Twilio's API does."""
        state = self.states[sms.sid]
        path = f"{BASE}/Messages/{sms.sid}"
        return {
            "account_sid": ACCOUNT,
            "api_version": "2010-04-01",
            "body": sms.body,
            "date_created": _shown(datetime.fromisoformat(sms.virtual)),
            "date_sent": _shown(state.sent) if state.sent else None,
            "date_updated": _shown(state.updated),
            "direction": "outbound-api",
            "error_code": state.error_code,
            "error_message": "What the carrier said" if state.error_code else None,
            "from": self.sender(sms),
            "messaging_service_sid": sms.fields.get("MessagingServiceSid"),
            "num_media": "0",
            "num_segments": "0" if state.status == "accepted" else str(count(sms.body).parts),
            "price": None,
            "price_unit": "USD",
            "sid": sms.sid,
            "status": state.status,
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": sms.to,
            "uri": f"{path}.json",
        }

    def close(self) -> None:
        for file in (self._received, self._reported):
            if file:
                file.close()


def read_store(folder: Path) -> Iterator[Sms]:
    """Read what a server process has received up to now, in order."""
    return (Sms(**facts) for facts in _lines(folder / "received.jsonl"))


def read_reports(folder: Path) -> Iterator[Report]:
    """Read which statuses a server process has reported up to now, in order."""
    return (Report(**facts) for facts in _lines(folder / "reported.jsonl"))


def _lines(file: Path) -> Iterator[dict[str, Any]]:
    if file.exists():
        for line in file.read_bytes().split(b"\n")[:-1]:
            yield json.loads(line)


def _shown(instant: datetime) -> str:
    return format_datetime(instant.astimezone(UTC))


def page(store: Store, target: str) -> dict[str, Any]:
    """Answer `GET …/Messages.json?…`: one page, newest first, in Twilio's envelope.

    Raises ValueError for a page size, page number or date that is none.
    """
    asked = dict(parse_qsl(urlsplit(target).query, keep_blank_values=True))
    size = min(int(asked.get("PageSize", PAGE)), LONGEST_PAGE)
    if size < 1:
        raise ValueError("a page has at least one message")
    number, token = int(asked.get("Page", 0)), asked.get("PageToken", "")
    wanted = _wanted(store, asked)
    of_number = store.addressed_to(asked.get("To"))
    found, more = _cut(of_number, wanted, token, size)
    filters = {name: value for name, value in asked.items() if name not in ("Page", "PageToken", "PageSize")}

    def uri(to: int, begins: str = "") -> str:
        rest = {"PageSize": size, "Page": to} | ({"PageToken": begins} if begins else {})
        return f"{BASE}/Messages.json?{urlencode(filters | rest)}"

    start = number * size
    return {
        "end": start + max(len(found) - 1, 0),
        "first_page_uri": uri(0),
        "messages": [store.resource(sms) for sms in found],
        "next_page_uri": uri(number + 1, f"PA{found[-1].sid}") if more else None,
        "page": number,
        "page_size": size,
        "previous_page_uri": uri(number - 1, f"PB{found[0].sid}") if number > 0 and found else None,
        "start": start,
        "uri": target,
    }


def _cut(among: list[Sms], wanted: Callable[[Sms], bool], token: str, size: int) -> tuple[list[Sms], bool]:
    """Give one page, newest first, and whether older ones follow."""
    if token.startswith("PB"):
        newer = islice(among, bisect_right(among, _numbered(token), key=_number), None)
        return list(reversed(list(islice(filter(wanted, newer), size)))), True
    end = bisect_left(among, _numbered(token), key=_number) if token else len(among)
    older = (among[place] for place in range(end - 1, -1, -1))
    found = list(islice(filter(wanted, older), size + 1))
    return found[:size], len(found) > size


def _number(sms: Sms) -> int:
    return sms.number


def _numbered(token: str) -> int:
    return int(token[4:], 16)  # PASM… after, PBSM… before


def _wanted(store: Store, asked: dict[str, str]) -> Callable[[Sms], bool]:
    """Make the filter of sender and date; `DateSent` itself means a whole day in UTC."""
    sender = asked.get("From")
    day = _instant(asked["DateSent"]).date() if "DateSent" in asked else None
    since, until = (_instant(asked[name]) if name in asked else None for name in ("DateSent>", "DateSent<"))

    def fits(sms: Sms) -> bool:
        if sender not in (None, store.sender(sms)):
            return False
        if not (day or since or until):
            return True
        sent = store.states[sms.sid].sent
        return bool(
            sent and (not day or sent.date() == day) and (not since or sent >= since) and (not until or sent <= until)
        )

    return fits


def _instant(text: str) -> datetime:
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        instant = datetime.fromisoformat(text)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
