"""What staff press on the health page: pace, pause, mail domains, kill switches."""

from datetime import timedelta

import pytest

from campaigns.domain.steps import Channel, Purpose
from campaigns.domain.streams import FAULTS
from campaigns.store import kill_switches, streams
from campaigns.store.engine import transaction
from tests.factories import DAY
from tests.web.staff import letterbox


def thrown(office):
    with transaction(office.runtime.engine) as db:
        return [(one.session_id, one.purpose, one.reason, one.staff_id) for one in kill_switches.thrown(db)]


def detail(office):
    return office.world.one("SELECT detail FROM audit ORDER BY id DESC LIMIT 1")


def test_a_service_that_never_looked_for_anything_knows_no_way_out(office):
    assert "None is known yet." in office.page("/staff/health")


def test_a_way_out_has_its_state_its_pace_and_its_forms(office):
    stream = letterbox.way_out(office, Channel.SMS, "twilio", "MG1")
    said = office.page("/staff/health")
    assert "Text: Texts by Twilio (MG1) running Pace: no limit · not used as the service is set up now" in said
    assert (
        "Segments a second Change pace of Texts by Twilio (MG1) Reason for a pause Pause Texts by Twilio (MG1)" in said
    )
    assert f'action="/staff/streams/{stream}/pace"' in office.get("/staff/health").text


def test_the_way_out_in_use_is_not_called_unused(office):
    letterbox.way_out(office, Channel.EMAIL, "folder", "outbox")
    assert "not used" not in office.page("/staff/health")


def test_a_new_pace_counts_and_is_on_record(office):
    stream = letterbox.way_out(office)
    answer = office.post(f"/staff/streams/{stream}/pace", rate="2.5")
    assert answer.headers["location"] == f"/staff/health?done=pace#way-{stream}"
    assert letterbox.stream(office, stream).rate == 2.5
    said = office.page("/staff/health?done=pace")
    assert "The pace is changed." in said and "Pace: 2.5 emails a second" in said
    assert 'value="2.5"' in office.get("/staff/health").text
    assert office.record() == [("pace changed", f"stream:{stream}")]
    assert detail(office) == {"was": "no limit", "now": "2.5 emails a second"}


def test_an_empty_field_lifts_the_limit(office):
    stream = letterbox.way_out(office)
    office.post(f"/staff/streams/{stream}/pace", rate="2")
    office.post(f"/staff/streams/{stream}/pace", rate=" ")
    assert letterbox.stream(office, stream).rate is None


@pytest.mark.parametrize("typed", ["0", "-3", "fast"])
def test_a_pace_that_is_none_is_shown_again_beside_its_own_field(office, typed):
    first, second = letterbox.way_out(office), letterbox.way_out(office, Channel.SMS, "twilio", "MG1")
    answer = office.post(f"/staff/streams/{second}/pace", rate=typed)
    assert answer.status_code == 422
    assert f'href="#rate-{second}"' in answer.text
    assert (
        f'value="{typed}" placeholder="no limit" aria-invalid="true" aria-describedby="rate-{second}-wrong"'
        in answer.text
    )
    assert f"rate-{first}-wrong" not in answer.text
    assert "Nothing was changed." in answer.text
    assert letterbox.stream(office, second).rate is None and office.record() == []


def test_a_pause_needs_a_reason_and_holds_until_it_is_lifted(office):
    stream = letterbox.way_out(office)
    declined = office.post(f"/staff/streams/{stream}/pause", reason=" ")
    assert declined.status_code == 422 and f'id="reason-{stream}-wrong"' in declined.text
    assert office.post(f"/staff/streams/{stream}/pause", reason="the relay warns us").status_code == 303
    assert "paused since today 12:00: the relay warns us" in office.page("/staff/health?done=paused")
    assert letterbox.stream(office, stream).paused_reason == "the relay warns us"
    assert office.post(f"/staff/streams/{stream}/pause", reason="again").status_code == 409
    assert office.post(f"/staff/streams/{stream}/lift").status_code == 303
    assert letterbox.stream(office, stream).paused_at is None
    assert "This way out runs again." in office.page("/staff/health?done=runs")
    assert office.post(f"/staff/streams/{stream}/lift").status_code == 409
    assert office.record() == [("paused", f"stream:{stream}"), ("let run again", f"stream:{stream}")]


def test_nothing_leaves_by_a_paused_way_out_and_all_of_it_afterwards(office):
    office.world.registration(office.world.session())
    office.world.dispatch(limit=0)  # the dispatcher writes its streams down
    stream = office.world.one("SELECT id FROM stream WHERE channel = 'email'")
    office.post(f"/staff/streams/{stream}/pause", reason="a look first")
    assert office.world.work() == 0
    office.post(f"/staff/streams/{stream}/lift")
    assert office.world.work() == 1


def test_letting_it_run_shuts_the_breaker_too(office):
    stream = letterbox.way_out(office)
    with transaction(office.runtime.engine) as db:
        for _ in range(FAULTS):
            streams.count_failure(db, stream, office.clock())
        streams.pause(db, stream, "why", office.clock())
    office.post(f"/staff/streams/{stream}/lift")
    assert "running" in office.page("/staff/health")


def test_a_mail_domain_can_be_written_to_again_before_its_time(office):
    stream = letterbox.way_out(office)
    with transaction(office.runtime.engine) as db:
        streams.pause_domain(db, stream, "example.com", "it wants less", office.clock(), timedelta(minutes=30))
        (pause, *_) = streams.paused_domains(db, office.clock())[0]
    assert "example.com is left alone until today 12:30: it wants less Write to it again" in office.page(
        "/staff/health"
    )
    assert office.post(f"/staff/domains/{pause}/lift").status_code == 303
    said = office.page("/staff/health?done=domain")
    assert "The mail domain is written to again." in said and "left alone" not in said
    assert office.record() == [("mail domain written to again", f"domain_pause:{pause}")]
    assert "example.com" not in str(detail(office))
    assert office.post(f"/staff/domains/{pause}/lift").status_code == 409


def test_everything_is_held_back_with_a_reason_and_goes_on_when_it_is_lifted(office):
    office.world.registration(office.world.session())
    answer = office.post("/staff/kill-switches", what="everything", why="a wrong link in it")
    assert answer.headers["location"] == "/staff/health?done=thrown#stop"
    assert thrown(office) == [(None, None, "a wrong link in it", office.me)]
    said = office.page("/staff/health?done=thrown")
    assert "Everything a wrong link in it since today 12:00, by Jenna Whitfield Let it go on" in said
    assert office.world.work() == 0
    switch = office.world.one("SELECT id FROM kill_switch")
    assert office.post(f"/staff/kill-switches/{switch}/lift").status_code == 303
    assert "It goes on." in office.page("/staff/health?done=lifted")
    assert office.world.work() == 1
    assert office.record() == [("kill switch thrown", "everything"), ("kill switch lifted", "everything")]
    assert office.post(f"/staff/kill-switches/{switch}/lift").status_code == 409


def test_one_session_or_one_kind_of_message_alone_can_be_held_back(office):
    session = office.world.session(DAY)
    assert f'<option value="{session}">' in office.get("/staff/health").text
    office.post("/staff/kill-switches", what="session", session=str(session), why="the room is gone")
    office.post("/staff/kill-switches", what="purpose", purpose="marketing", why="too many complaints")
    assert thrown(office) == [
        (session, None, "the room is gone", office.me),
        (None, Purpose.MARKETING, "too many complaints", office.me),
    ]
    assert office.record() == [
        ("kill switch thrown", f"session:{session}"),
        ("kill switch thrown", "purpose:marketing"),
    ]


def test_throwing_what_is_thrown_says_so(office):
    office.post("/staff/kill-switches", what="everything", why="a wrong link")
    again = office.post("/staff/kill-switches", what="everything", why="another reason")
    assert again.status_code == 409 and "held back already" in again.text
    assert len(thrown(office)) == 1


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"why": "why"}, "what"),
        ({"what": "nothing", "why": "why"}, "what"),
        ({"what": "everything"}, "why"),
        ({"what": "everything", "why": "x" * 301}, "why"),
        ({"what": "everything", "why": "a\x00b"}, "why"),
        ({"what": "session", "session": "999", "why": "why"}, "session"),
        ({"what": "session", "session": "one", "why": "why"}, "session"),
        ({"what": "session", "session": "9" * 400, "why": "why"}, "session"),
        ({"what": "session", "why": "why"}, "session"),
        ({"what": "purpose", "purpose": "fun", "why": "why"}, "purpose"),
    ],
)
def test_a_switch_that_is_not_clear_is_not_thrown_and_keeps_what_was_typed(office, fields, field):
    office.world.session()
    answer = office.post("/staff/kill-switches", **fields)
    assert answer.status_code == 422
    assert f'id="{field}-wrong"' in answer.text and f'href="#{field}"' in answer.text
    assert thrown(office) == [] and office.record() == []
    if field != "why":
        assert 'value="why"' in answer.text
    if fields.get("what") in ("everything", "session", "purpose"):
        assert (
            f'value="{fields["what"]}" required checked' in answer.text
            or f'value="{fields["what"]}" checked' in answer.text
        )


def test_the_red_button_says_what_will_happen(office):
    said = office.page("/staff/health")
    assert "Nothing more leaves within seconds. What becomes useless meanwhile is not sent later. Hold it back" in said
    assert 'class="button breaks" aria-describedby="stop-means"' in office.get("/staff/health").text


PRESSES = ["streams/{}/pace", "streams/{}/pause", "streams/{}/lift"]


@pytest.mark.parametrize("path", [*PRESSES, "kill-switches", "kill-switches/1/lift", "domains/1/lift"])
def test_no_press_counts_without_the_token_and_none_is_a_get(office, path):
    stream = letterbox.way_out(office)
    address = f"/staff/{path.format(stream)}"
    fields = {"rate": "5", "reason": "why", "what": "everything", "why": "why", "csrf": "stolen"}
    assert office.post(address, **fields).status_code == 403
    assert office.get(address).status_code == 405
    found = letterbox.stream(office, stream)
    assert (found.rate, found.paused_at, thrown(office), office.record()) == (None, None, [], [])


@pytest.mark.parametrize("path", PRESSES)
@pytest.mark.parametrize("number", ["999", "9" * 25, "one"])
def test_a_way_out_that_is_not_there_is_not_found(office, path, number):
    assert office.post(f"/staff/{path.format(number)}", rate="5", reason="why").status_code == 404
