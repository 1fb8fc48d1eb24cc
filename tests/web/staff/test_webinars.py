"""Webinars with their sessions, and the campaign around one."""

from datetime import timedelta

import pytest

from tests.factories import DAY, HOUR, LESSONS, NOON, SERVICE_TEXTS
from tests.offices import opened


def test_a_webinar_without_a_session_says_what_it_waits_for(office):
    assert "No sessions yet" in office.page("/staff")
    assert "No sessions yet" in office.page(office.webinar())


def test_a_house_without_webinars_says_so(office):
    office.world.without_steps()
    office.world.sql("DELETE FROM campaign")
    office.world.sql("DELETE FROM webinar")
    assert "No webinars yet" in office.page("/staff")


def test_the_list_says_when_how_many_and_what_goes_out_next(office):
    session = office.world.session(10 * DAY, capacity=500)
    office.world.registration(session)
    said = office.page("/staff")
    assert "Thu 11 Mar, 12:00–12:30 EST" in said
    assert "in 10 days 1 500" in said
    assert "Email: Confirmation today 12:00, 1 email" in said


def test_beyond_the_ledger_the_rules_say_what_comes_next(office):
    office.world.session(10 * DAY)
    assert "Email: A week before Thu 4 Mar 10:00" in office.page("/staff")


@pytest.mark.parametrize(
    ("away", "change", "said"),
    [
        (DAY, "cancelled_at = now(), revision = 2", "cancelled"),
        (-2 * DAY, "room_url = ''", "ended"),
        (-timedelta(minutes=10), "room_url = ''", "running now"),
        (DAY, "moved_at = now(), moved_from = starts_at", "in 24 h, moved"),
    ],
)
def test_a_session_has_its_state_in_words(office, away, change, said):
    session = office.world.session(away)
    office.world.sql(f"UPDATE webinar_session SET {change} WHERE id = :id", id=session)
    assert said in office.page("/staff")


def test_after_everything_went_there_is_nothing_next(office):
    office.world.session(-40 * DAY)
    assert "ended – no limit –" in office.page("/staff")


def test_the_campaign_is_laid_around_the_next_session(office):
    office.world.session(-9 * DAY)
    session = office.world.session(10 * DAY, capacity=500)
    office.world.session(30 * DAY)
    office.world.registration(session, SERVICE_TEXTS, LESSONS)
    office.world.work()
    said = office.page(office.webinar())
    assert "Campaign around Thursday 11 March, 12:00–12:30 EST" in said
    order = [
        "When someone registers",
        "Before",
        "now 12:00",
        "The webinar, Thursday 11 March",
        "After",
        "Only if it happens",
    ]
    assert [said.index(word) for word in order] == sorted(said.index(word) for word in order)
    assert "at once each on their own Email: Confirmation everyone · service – 1 – – as they register" in said
    assert "−24 h Wed 10 Mar 12:00 Email: The day before everyone · service ~ about 1 – – – in 9 days" in said


def test_numbers_lead_to_the_deliveries_behind_them(office):
    session = office.world.session()
    office.world.registration(session)
    html = office.get(office.webinar()).text
    step = office.world.steps()["C0"].id
    assert f'href="{office.webinar(f"/sessions/{session}/deliveries")}?step={step}&amp;state=ahead">1</a>' in html


def test_one_channel_can_be_looked_at_alone(office):
    office.world.session()
    said = office.page(office.webinar("?channel=sms"))
    assert "Starts in 15 minutes" in said
    assert "The day before" not in said


def test_the_chosen_session_stands_in_the_address(office):
    office.world.session(DAY)
    later = office.world.session(20 * DAY)
    assert "Campaign around Sunday 21 March" in office.page(office.webinar(f"?session={later}"))


@pytest.mark.parametrize("path", ["/staff/webinars/none", "/staff/webinars/si-joint-runners?session=999"])
def test_what_is_not_there_is_not_found(office, path):
    office.world.session()
    assert office.get(path).status_code == 404


def test_while_it_runs_now_stands_under_the_band(office):
    session = office.world.session(HOUR)
    office.clock.forward(minutes=70)
    said = office.page(office.webinar(f"?session={session}"))
    assert said.index("The webinar") < said.index("now 13:10") < said.index("After")


def test_when_it_is_over_now_stands_among_what_follows_and_nothing_can_be_moved(office):
    session = office.world.session(HOUR)
    office.clock.forward(days=5)
    said = office.page(office.webinar(f"?session={session}"))
    assert said.index("The webinar") < said.index("Getting back to running") < said.index("now 12:00")
    assert "Move session…" not in said


def test_a_cancelled_session_says_so_with_its_reason(office):
    session = office.world.session()
    office.world.sql(
        "UPDATE webinar_session SET cancelled_at = :now, revision = 2, cancelled_reason = 'The doctor is ill' WHERE id = :id",
        now=NOON,
        id=session,
    )
    said = office.page(office.webinar(f"?session={session}"))
    assert "This session is cancelled. Reason given: The doctor is ill" in said
    assert "the session is cancelled" in said


@pytest.mark.parametrize(
    ("done", "said"), [("moved", "The session is moved."), ("cancelled", "The session is cancelled.")]
)
def test_what_was_just_done_is_said(office, done, said):
    session = office.world.session()
    assert said in office.page(office.webinar(f"?session={session}&done={done}"))


def test_attendance_shows_as_a_share_once_it_is_final(office):
    session = office.world.session(HOUR)
    for came in ("attended", "missed"):
        registration = office.world.registration(session)
        office.world.sql("UPDATE registration SET attendance = :came WHERE id = :id", came=came, id=registration)
    office.clock.forward(days=1)
    office.world.sql("UPDATE webinar_session SET attendance_final_at = :now", now=office.clock())
    assert "2, 50% came" in office.page(office.webinar(f"?session={session}"))


def test_only_marketing_and_admin_see_the_way_to_move(office):
    office.world.session()
    assert "Move session…" in office.page(office.webinar())
    office.sign_in("clinician")
    assert "Move session…" not in office.page(office.webinar())


def test_a_session_says_where_its_people_came_from(office):
    session = office.world.session(10 * DAY)
    touches = [
        '{"utm_source": "flyer", "referrer": "a.example"}',
        '{"utm_source": "flyer"}',
        '{"referrer": "b.example"}',
        "{}",
    ]
    for touch in touches:
        one = office.world.registration(session)
        office.world.sql("UPDATE registration SET touch = CAST(:touch AS jsonb) WHERE id = :id", touch=touch, id=one)
    said = office.page(office.webinar(f"?session={session}"))
    assert "Source People flyer 2 not known 1 b.example 1" in said


def test_the_form_for_other_pages_is_there_to_be_copied_where_a_site_is_named(office, furnished, tmp_path):
    assert "The form in another page" not in office.page(office.webinar())
    with opened(furnished, tmp_path / "other", embed_origins="https://www.clinic.example") as other:
        page = other.get(other.webinar()).text
    assert "works on https://www.clinic.example" in page
    assert "&lt;iframe src=&#34;http://127.0.0.1:8000/w/si-joint-runners/embed&#34;" in page
    assert "title=&#34;Sign up: Runners&amp;#x27; class&#34;" in page


def test_a_session_counts_who_waits_for_a_place_and_who_watched_here(office):
    world = office.world
    session = world.session(HOUR, capacity=1)
    mine = world.registration(session)
    assert "Waiting list" not in office.page(office.webinar())
    for _ in range(2):
        world.registration(session, waits=True)
    assert "Waiting list 2 wait, 0 have an offer" in office.page(office.webinar())
    world.sql("UPDATE webinar_session SET media_url = '/a.mp4', talk_seconds = 100")
    world.sql(
        "INSERT INTO viewing (registration_id, mode, seen, seen_tenths, position, first_at, last_at, beats, paid_until)"
        " SELECT :id, mode, '{[0,980)}', 980, 980, now(), now(), 1, now() FROM unnest(ARRAY['live', 'replay']) AS mode",
        id=mine,
    )
    assert "Watched here" not in office.page(office.webinar())
    world.clock.forward(hours=1)
    assert "Watched here 1 with the class, 1 the recording; 1 saw all of it" in office.page(office.webinar())
