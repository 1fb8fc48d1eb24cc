"""What keeps messages from leaving because somebody wants it so, on the banner of every page."""

import pytest

from campaigns.domain.steps import Purpose
from campaigns.store import kill_switches, streams
from campaigns.store.engine import transaction
from campaigns.web.staff import stopped
from tests.web.staff import letterbox


def throw(office, *, session_id=None, purpose=None, reason="a wrong link", staff_id=None) -> None:
    with transaction(office.runtime.engine) as db:
        given = {"session_id": session_id, "purpose": purpose, "reason": reason, "staff_id": staff_id}
        assert kill_switches.throw(db, **given, now=office.clock())


def test_while_everything_may_leave_no_page_has_a_banner(office):
    letterbox.way_out(office)
    assert 'class="banner"' not in office.get("/staff").text


@pytest.mark.parametrize("path", ["/staff", "/staff/deliveries", "/staff/health", "/staff/replies", "/outbox"])
def test_what_is_stopped_stands_on_every_page(office, path):
    throw(office)
    stream = letterbox.way_out(office)
    with transaction(office.runtime.engine) as db:
        streams.pause(db, stream, "the relay warns us", office.clock())
    said = office.page(path)
    assert "Everything held back since today 12:00: a wrong link" in said
    assert "Emails by SMTP (clinic.example) paused since today 12:00: the relay warns us" in said


def test_reasons_are_escaped(office):
    throw(office, reason="<b>wrong</b>")
    assert "&lt;b&gt;wrong" in office.get("/staff").text


def test_a_switch_says_what_it_holds_back_and_who_threw_it(office):
    session = office.world.session()
    throw(office, session_id=session, staff_id=office.me)
    throw(office, purpose=Purpose.MARKETING)
    with transaction(office.runtime.engine) as db:
        one, other = stopped.thrown(db, "America/New_York", office.clock())
    assert (one.what.replace("’", "'"), one.who) == (
        "Everything of Runners' class, Thu 11 Mar 12:00",
        "Jenna Whitfield",
    )
    assert (other.what, other.who, other.why) == ("News and offers", "the service itself", "a wrong link")


def test_only_switches_that_reach_a_message_hold_it(office):
    here, there = office.world.session(), office.world.session()
    throw(office, session_id=here, reason="here")
    throw(office, purpose=Purpose.MARKETING, reason="offers")
    with transaction(office.runtime.engine) as db:
        reach = lambda session, purpose: [one.reason for one in stopped.reaching(db, session, purpose)]  # noqa: E731  # as short as that
        assert reach(here, Purpose.SERVICE) == ["here"]
        assert reach(here, Purpose.MARKETING) == ["here", "offers"]
        assert reach(there, Purpose.SERVICE) == []
