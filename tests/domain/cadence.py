"""The recommended steps around a session, as the examples of the planner's tests need them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from campaigns.domain.audience import Facts, SessionFacts
from campaigns.domain.quiet import Hours, SendingHours
from campaigns.domain.steps import (
    Anchor,
    Audience,
    Channel,
    Expiry,
    Late,
    LocalTime,
    Offset,
    Priority,
    Purpose,
    Quiet,
    Relative,
    Step,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
EASTERN, CENTRAL, PACIFIC = ZoneInfo("America/New_York"), ZoneInfo("America/Chicago"), ZoneInfo("America/Los_Angeles")

TEN = time(10)
AWAKE = Hours({day: (time(8), time(20)) for day in range(7)})
EVENINGS_OFF = Hours({day: (time(8, 30), time(21)) for day in range(7)})
HOURS = SendingHours({(Channel.SMS, Purpose.SERVICE): AWAKE, (Channel.EMAIL, Purpose.SERVICE): EVENINGS_OFF})


def step(key: str, anchor: Anchor, offset: Offset, expires: Expiry, **more: object) -> Step:
    """Build a service email for everyone unless told otherwise."""
    usual: dict[str, object] = {
        "channel": Channel.EMAIL,
        "audience": Audience.EVERYONE,
        "purpose": Purpose.SERVICE,
        "priority": Priority.BULK,
    }
    return Step(id=1, key=key, name=key, anchor=anchor, offset=offset, expires=expires, template=key, **(usual | more))  # type: ignore[arg-type]


def before_start(delta: timedelta) -> Expiry:
    return Expiry(Anchor.STARTS, -delta)


def after_end(delta: timedelta) -> Expiry:
    return Expiry(Anchor.ENDS, delta)


SMS = {"channel": Channel.SMS}
EDUCATION = {"purpose": Purpose.EDUCATION}

C0 = step("C0", Anchor.REGISTERED, Relative(timedelta(0)), before_start(-20 * MINUTE), late=Late.SEND_NOW)
C1 = step(
    "C1", Anchor.AGREED, Relative(timedelta(0)), Expiry(Anchor.AGREED, 30 * MINUTE),
    quiet=Quiet.SHIFT, quiet_grace=10 * MINUTE, **SMS,
)  # fmt: skip
CODE = step(
    "C1-code", Anchor.ASKED, Relative(timedelta(0)), Expiry(Anchor.ASKED, 30 * MINUTE),
    audience=Audience.UNPROVEN, quiet=Quiet.SHIFT, quiet_grace=10 * MINUTE, **SMS,
)  # fmt: skip
D1 = step("D1", Anchor.REGISTERED, LocalTime(1, TEN), before_start(26 * HOUR), runway=3 * DAY, **EDUCATION)
D2 = step("D2", Anchor.REGISTERED, LocalTime(3, TEN), before_start(26 * HOUR), runway=2 * DAY, **EDUCATION)
B1 = step("B1", Anchor.STARTS, LocalTime(-7, TEN), before_start(5 * DAY), lead=3 * DAY)
B2 = step("B2", Anchor.STARTS, Relative(-24 * HOUR), before_start(12 * HOUR), lead=6 * HOUR)
B3 = step("B3", Anchor.STARTS, Relative(-24 * HOUR), before_start(12 * HOUR), quiet=Quiet.SHIFT, **SMS)
B4 = step("B4", Anchor.STARTS, Relative(-HOUR), before_start(20 * MINUTE), lead=30 * MINUTE)
B5 = step(
    "B5", Anchor.STARTS, Relative(-15 * MINUTE), before_start(-3 * MINUTE),
    lead=10 * MINUTE, quiet=Quiet.SESSION_AWAKE, **SMS,
)  # fmt: skip
B6 = step(
    "B6", Anchor.STARTS, Relative(-20 * MINUTE), before_start(0 * MINUTE),
    lead=30 * MINUTE, audience=Audience.WITHOUT_TEXTS,
)  # fmt: skip
A1 = step(
    "A1", Anchor.ENDS, Relative(30 * MINUTE), after_end(48 * HOUR), audience=Audience.ATTENDED, replay_grace=DAY
)  # fmt: skip
N1 = step(
    "N1", Anchor.ENDS, Relative(2 * HOUR), after_end(48 * HOUR),
    audience=Audience.MISSED, needs_attendance=True, quiet=Quiet.SHIFT,
)  # fmt: skip
E1 = step("E1", Anchor.ENDS, LocalTime(3, TEN), after_end(6 * DAY), **EDUCATION)
X1 = step("X1", Anchor.MOVED, Relative(timedelta(0)), before_start(0 * MINUTE))
X1_TEXT = step(
    "X1T", Anchor.MOVED, Relative(timedelta(0)), before_start(0 * MINUTE),
    near=48 * HOUR, quiet=Quiet.SHIFT, quiet_exempt_before_start=12 * HOUR, **SMS,
)  # fmt: skip
X2 = step("X2", Anchor.CANCELLED, Relative(timedelta(0)), before_start(-2 * HOUR))
X3 = step(
    "X3", Anchor.CANCELLED, Relative(timedelta(0)), Expiry(Anchor.CANCELLED, DAY), audience=Audience.WITHDRAWN
)  # fmt: skip

BEFORE = (B1, B2, B4, B5, B6)
ALL = (C0, C1, CODE, D1, D2, *BEFORE, A1, N1, E1, X1, X1_TEXT, X2, X3)

START = datetime(2027, 3, 4, 17, tzinfo=UTC)
"""Thursday, noon in New York."""


def session(starts: datetime = START, **more: object) -> SessionFacts:
    """Build a session of half an hour."""
    return SessionFacts(starts_at=starts, ends_at=starts + 30 * MINUTE, **more)  # type: ignore[arg-type]


def person(registered: datetime, about: SessionFacts | None = None, **more: object) -> Facts:
    """Build somebody in New York who takes texts."""
    usual: dict[str, object] = {"zone": EASTERN, "texts": True}
    return Facts(session=about or session(), registered_at=registered, **(usual | more))  # type: ignore[arg-type]
