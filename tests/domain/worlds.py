"""Zones, sessions, people and steps that the properties of the planner are tried on."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from campaigns.domain.audience import Facts, SessionFacts
from campaigns.domain.quiet import Hours, SendingHours
from campaigns.domain.steps import (
    Anchor,
    Attendance,
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
    Standing,
    Step,
)

US_ZONES = [
    "America/Adak", "America/Anchorage", "America/Boise", "America/Chicago", "America/Denver", "America/Detroit",
    "America/Indiana/Indianapolis", "America/Indiana/Knox", "America/Indiana/Marengo", "America/Indiana/Petersburg",
    "America/Indiana/Tell_City", "America/Indiana/Vevay", "America/Indiana/Vincennes", "America/Indiana/Winamac",
    "America/Juneau", "America/Kentucky/Louisville", "America/Kentucky/Monticello", "America/Los_Angeles",
    "America/Menominee", "America/Metlakatla", "America/New_York", "America/Nome", "America/North_Dakota/Beulah",
    "America/North_Dakota/Center", "America/North_Dakota/New_Salem", "America/Phoenix", "America/Puerto_Rico",
    "America/Sitka", "America/Yakutat", "Pacific/Honolulu",
]  # fmt: skip
ODD_ZONES = ["Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "Africa/Casablanca", "UTC", "Europe/London"]
ZONES = [ZoneInfo(name) for name in US_ZONES + ODD_ZONES]

CHANGES = [
    date(2027, 3, 14), date(2026, 11, 1), date(2027, 11, 7),  # United States
    date(2027, 4, 4), date(2026, 10, 4),  # Lord Howe
    date(2027, 2, 7), date(2027, 3, 14),  # Casablanca, around Ramadan
    date(2011, 12, 30),  # the day that Apia never had
    date(2027, 3, 28),
]  # fmt: skip
"""Days on which some clock is changed."""

bounded = settings(
    derandomize=True,
    max_examples=120,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

EIGHT_TO_EIGHT = Hours({day: (time(8), time(20)) for day in range(7)})
TRADE = Hours({**{day: (time(10), time(18)) for day in range(5)}, 5: (time(10), time(17))})
HOURS = SendingHours({(Channel.SMS, Purpose.SERVICE): EIGHT_TO_EIGHT, (Channel.SMS, Purpose.MARKETING): TRADE})
"""Asked-for texts 08:00 to 20:00 every day; marketing in trading hours, never on Sunday."""

zones = st.sampled_from(ZONES)
days = st.sampled_from(CHANGES) | st.dates(date(2026, 6, 1), date(2028, 6, 1))
times = st.sampled_from([time(2, 30), time(0), time(10), time(23, 59), time(1, 30), time(20), time(8)]) | st.builds(
    time, st.integers(0, 23), st.integers(0, 59)
)
minutes = st.integers(-3 * 1440, 3 * 1440).map(lambda number: timedelta(minutes=number))


@st.composite
def instants(draw: st.DrawFn) -> datetime:
    """An instant, by preference near a change of clocks, sometimes between two minutes."""
    whole = datetime.combine(draw(days), time(0), UTC) + draw(minutes)
    return whole + timedelta(seconds=draw(st.sampled_from([0, 0, 0, 30, 59])))


@st.composite
def sending_hours(draw: st.DrawFn) -> Hours:
    opening = draw(st.integers(5, 12))
    closing = draw(st.integers(opening + 3, 23))
    weekdays = draw(st.sets(st.integers(0, 6), min_size=0)) if draw(st.booleans()) else set(range(7))
    closed = draw(st.frozensets(st.sampled_from(CHANGES), max_size=2))
    return Hours({day: (time(opening), time(closing, draw(st.sampled_from([0, 30])))) for day in weekdays}, closed)


offsets_around = st.sampled_from([-7 * 1440, -1440, -60, -20, -15, 0, 30, 120, 2880]) | st.integers(-9000, 9000)


@st.composite
def offsets(draw: st.DrawFn, *, forward: bool = False) -> Offset:
    if draw(st.booleans()):
        return LocalTime(draw(st.integers(1 if forward else -7, 7)), draw(times))
    number = draw(offsets_around)
    return Relative(timedelta(minutes=abs(number) if forward else number))


@st.composite
def expiries(draw: st.DrawFn, anchor: Anchor, offset: Offset) -> Expiry:
    """Mostly some time after the step is due, sometimes anywhere."""
    if draw(st.integers(0, 3)) == 0:
        return Expiry(draw(st.sampled_from([Anchor.STARTS, Anchor.ENDS, anchor])), draw(minutes))
    due = timedelta(days=offset.days + 1) if isinstance(offset, LocalTime) else offset.delta
    return Expiry(anchor, due + timedelta(minutes=draw(st.sampled_from([3, 30, 720, 1440, 4320]))))


PARTING = (Audience.WITHDRAWN, Audience.READDRESSED)


@st.composite
def steps(draw: st.DrawFn) -> Step:
    """Any step that staff could write down and mean something by."""
    audience = draw(st.sampled_from([Audience.EVERYONE] * 7 + list(Audience)))
    anchor = Anchor.CANCELLED if audience in PARTING else draw(st.sampled_from([Anchor.STARTS] * 3 + [*Anchor]))
    own = anchor not in (Anchor.STARTS, Anchor.ENDS)
    offset = draw(offsets(forward=own))
    after_the_end = anchor is Anchor.ENDS and isinstance(offset, Relative) and offset.delta >= timedelta(0)
    return Step(
        id=1,
        key="T1",
        name="",
        anchor=anchor,
        offset=offset,
        channel=draw(st.sampled_from(Channel)),
        audience=audience,
        purpose=draw(st.sampled_from(Purpose)),
        priority=Priority.BULK,
        template="t",
        expires=draw(expiries(anchor, offset)),
        late=draw(st.sampled_from([Late.SKIP, Late.SKIP, Late.SEND_NOW])),
        quiet=draw(st.sampled_from([Quiet.SHIFT, *Quiet])),
        quiet_grace=timedelta(minutes=draw(st.sampled_from([0, 0, 10]))) if own else timedelta(0),
        quiet_exempt_before_start=timedelta(hours=draw(st.sampled_from([0, 0, 12]))),
        lead=timedelta(0) if own else timedelta(minutes=draw(st.sampled_from([0, 0, 10, 30, 360, 4320]))),
        runway=timedelta(days=draw(st.sampled_from([0] * 5 + [2, 3]))),
        near=draw(st.sampled_from([None, None, timedelta(hours=48)])),
        needs_attendance=draw(st.integers(0, 9)) == 0,
        replay_grace=draw(st.sampled_from([None, timedelta(hours=24)])) if after_the_end else None,
        active_from=datetime(2027, 3, 14, 7, tzinfo=UTC)
        if draw(st.integers(0, 9)) == 0
        else datetime(2000, 1, 1, tzinfo=UTC),
        paused=draw(st.integers(0, 19)) == 0,
    )


@st.composite
def sessions(draw: st.DrawFn, step: Step | None = None) -> SessionFacts:
    """A session; what `step` counts from has mostly happened."""
    starts = draw(instants())
    anchor = step.anchor if step else None
    moved = draw(st.integers(0, 9)) < (9 if anchor is Anchor.MOVED else 3)
    cancelled = draw(st.integers(0, 9)) < (9 if anchor is Anchor.CANCELLED and step and step.dated else 1)
    moved_at = starts - timedelta(minutes=draw(st.integers(1, 12000))) if moved else None
    early = datetime(2000, 1, 1, tzinfo=UTC)
    return SessionFacts(
        starts_at=starts,
        ends_at=starts + timedelta(minutes=draw(st.sampled_from([15, 30, 90]))),
        moved_at=moved_at,
        moved_from=moved_at + timedelta(minutes=draw(st.integers(1, 9000))) if moved_at else None,
        cancelled_at=max(moved_at or early, starts - timedelta(minutes=draw(st.integers(1, 6000))))
        if cancelled
        else None,
        attendance_final=draw(st.booleans()),
        has_replay=draw(st.booleans()),
    )


@st.composite
def people(draw: st.DrawFn, step: Step | None = None) -> Facts:
    """A registration that was made long before, just before or after things happened."""
    session = draw(sessions(step))
    before = draw(
        st.sampled_from([10, 15, 24, 25, 26, 59, 60, 61, 89, 90, 1439, 1440, 1441, 1799, 1800, 10080, 14400])
        | st.integers(-3000, 20000)
        | st.integers(9000, 30000)
    )
    registered = session.starts_at - timedelta(minutes=before)
    withdrawn = draw(st.integers(0, 19)) < (19 if step and step.audience in PARTING else 1)
    waits = draw(st.integers(0, 19)) < (17 if step and step.audience is Audience.WAITING else 1)
    offered = registered + timedelta(minutes=draw(st.integers(0, 3000))) if waits and draw(st.booleans()) else None
    asked, agreed = ({"minutes": draw(st.integers(-60, 3000))} if draw(st.booleans()) else None for _ in range(2))
    return Facts(
        session=session,
        zone=draw(zones),
        registered_at=registered,
        withdrawn_at=registered + timedelta(minutes=draw(st.integers(0, 3000))) if withdrawn else None,
        readdressed=withdrawn and draw(st.booleans()),
        attendance=draw(st.sampled_from(Attendance)),
        standing=(Standing.OFFERED if offered else Standing.WAITING) if waits else Standing.HELD,
        offered_at=offered,
        asked_at=max(registered, registered + timedelta(**asked)) if asked else None,
        agreed_at=registered + timedelta(**agreed) if agreed else None,
        unproven=draw(st.integers(0, 19)) < (17 if step and step.audience is Audience.UNPROVEN else 1),
        texts=draw(st.booleans()),
        confirm=draw(st.integers(0, 9)) > 0,
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[Step, Facts]:
    """A step, and somebody it may speak to."""
    step = draw(steps())
    return step, draw(people(step))
