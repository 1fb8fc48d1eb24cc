"""The ledger in lists, and one delivery with all that happened to it."""

import pytest

from campaigns.domain.messages import Found
from campaigns.domain.receipts import Kind, Receipt
from campaigns.domain.steps import Channel
from campaigns.operations.reconcile import reconcile
from campaigns.store import receipts
from campaigns.store.engine import transaction
from campaigns.web.staff.words import REASONS
from tests.factories import DAY, HOUR, LESSONS, SERVICE_TEXTS
from tests.fakes import DEFER, DOUBT, REFUSE


def test_an_empty_ledger_says_that_it_is_empty(office):
    assert "Nothing here No delivery is in this state." in office.page("/staff/deliveries")


def test_the_list_masks_addresses_and_links_the_person(office):
    session = office.world.session()
    registration = office.world.registration(session, SERVICE_TEXTS, first_name="Ada", last_name="Byron")
    said = office.page("/staff/deliveries")
    assert "Ada Byron s…@e….com Email: Confirmation" in said
    assert "Ada Byron +1…0123 Text: Text reminders confirmed" in said
    assert "sam1@example.com" not in said
    assert f'href="/staff/people/{registration}"' in office.get("/staff/deliveries").text


def test_chips_count_each_state_and_choose_it(office):
    session = office.world.session()
    office.world.email.will(REFUSE)
    for _ in range(3):
        office.world.registration(session)
        office.world.work()
    html = office.get("/staff/deliveries?state=failed").text
    assert 'href="/staff/deliveries?state=failed" aria-current="true">failed <b>1</b>' in html
    said = office.page("/staff/deliveries?state=failed")
    assert "All 3 sent 2 failed 1" in said
    assert "1 in this list" in said and "550 no such mailbox" in said


@pytest.mark.parametrize(("state", "count"), [("ahead", 1), ("left", 1), ("problems", 1), ("nonsense", 3), ("sent", 1)])
def test_a_word_may_stand_for_several_states(office, state, count):
    session = office.world.session()
    office.world.email.will(REFUSE)
    for _ in range(2):
        office.world.registration(session)
    office.world.work()
    office.world.registration(session)
    assert f"{count} in this list" in office.page(f"/staff/deliveries?state={state}")


def test_one_step_or_channel_can_be_looked_at_alone(office):
    session = office.world.session()
    office.world.registration(session, SERVICE_TEXTS)
    step = office.world.steps()["C1"].id
    said = office.page(f"/staff/deliveries?step={step}")
    assert "1 in this list All steps" in said and "Email: Confirmation" not in said
    assert "Email: Confirmation" not in office.page("/staff/deliveries?channel=sms")
    assert "2 in this list" in office.page("/staff/deliveries?channel=fax")


def test_fifty_rows_a_page_and_the_next_page_goes_on_where_this_one_ends(office):
    session = office.world.session()
    for _ in range(52):
        office.world.registration(session)
    html = office.get("/staff/deliveries?state=planned").text
    assert "50 shown of 52" in html
    onward = html.split('">Next 50</a>')[0].rpartition('href="')[2].replace("&amp;", "&")
    second = office.page(onward)
    assert "2 shown of 52" in second and "From the start" in second and "Next 50" not in second
    assert "The list ends before this page." in office.page("/staff/deliveries?before=1")


def test_what_is_due_and_still_planned_stands_out(office):
    session = office.world.session()
    office.world.registration(session)
    office.clock.forward(minutes=10)
    assert '<tr class="late">' in office.get("/staff/deliveries").text


def test_the_list_of_a_session_leaves_others_out(office):
    one, other = office.world.session(DAY), office.world.session(2 * DAY)
    office.world.registration(one)
    office.world.registration(other)
    said = office.page(office.webinar(f"/sessions/{one}/deliveries"))
    assert "Session of tomorrow, 12:00 1 in this list" in said


@pytest.mark.parametrize("rest", ["/sessions/999/deliveries", "/sessions/{other}/deliveries"])
def test_a_session_of_another_webinar_is_not_found(office, rest):
    office.world.sql(
        "INSERT INTO webinar (slug, title, class_title, promise, summary, points, host_name, host_role, zone, created_at)"
        " SELECT 'other', title, class_title, promise, summary, points, host_name, host_role, zone, created_at FROM webinar"
    )
    other = office.world.session()
    office.world.sql("UPDATE webinar_session SET webinar_id = (SELECT id FROM webinar WHERE slug = 'other')")
    assert office.get(office.webinar(rest.format(other=other))).status_code == 404


def test_a_delivery_that_went_tells_its_story(office):
    session = office.world.session()
    registration = office.world.registration(session, first_name="Ada", last_name="Byron", zone="America/Chicago")
    office.world.registration(session)
    office.clock.forward(seconds=2)
    office.world.work()
    said = office.page(f"/staff/deliveries/{office.delivery_id(registration, 'C0')}")
    assert "Email to Ada Byron sent: the provider took it Confirmation" in said
    assert "Planned for today 12:00, no use after" in said
    assert "today 12:00:02 Queued in batch 1 with 1 other 2 s after due dispatcher" in said
    assert "today 12:00:02 The provider took it 2 s after due worker Now: today 12:00" in said
    assert "(today 11:00 theirs)" in said
    assert "Why then at once, counted from registering; for everyone · service" in said
    assert "A version never changes" in said
    assert "Your decision" not in said


def test_attempts_that_did_not_succeed_are_told(office):
    session = office.world.session()
    registration = office.world.registration(session)
    office.world.email.will(DEFER)
    office.world.work()
    said = office.page(f"/staff/deliveries/{office.delivery_id(registration, 'C0')}")
    assert "Attempt 1 was put off 451 later worker" in said
    assert "planned: known when; nothing handed over" in said


def test_a_skipped_one_says_why(office):
    session = office.world.session(25 * HOUR)
    registration = office.world.registration(session)
    office.world.sql("UPDATE delivery SET status = 5, reason = 'superseded', revision = 1")
    office.world.sql("UPDATE webinar_session SET revision = 2")
    said = office.page(f"/staff/deliveries/{office.delivery_id(registration, 'C0')}")
    assert "skipped: never left" in said and "Not sent replaced by a new date" in said
    assert "belongs to an earlier date: the session is at revision 2" in said


def test_an_unknown_one_waits_for_a_decision_and_names_both_consequences(office):
    delivery = office.in_doubt(office.world.session(), first_name="Ada")
    said = office.page(f"/staff/deliveries/{delivery}")
    assert "unknown: we cannot tell whether it went" in said
    assert "If the first one did go, Ada gets the same email twice. Send once more" in said
    assert "If the first one did not go, Ada does without it." in said
    assert "Deliveries 1 waiting for a decision" in said


def test_sending_once_more_plans_it_again_and_is_put_on_record(office):
    delivery = office.in_doubt(office.world.session())
    answer = office.post(f"/staff/deliveries/{delivery}/decision", choice="again")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/staff/deliveries/{delivery}?done=again")
    assert "It is planned once more." in office.page(answer.headers["location"])
    assert ("sent once more", f"delivery:{delivery}") in office.record()
    assert office.world.work() == 1


def test_a_text_in_doubt_that_is_still_looked_for_says_so(office):
    registration = office.world.registration(office.world.session(), SERVICE_TEXTS)
    office.world.sms.will(DOUBT)
    office.world.work()
    delivery = office.delivery_id(registration, "C1")
    office.world.sql("UPDATE delivery SET looks = 2 WHERE id = :id", id=delivery)
    said = office.page(f"/staff/deliveries/{delivery}")
    assert "Looked for at the provider 2 times next look today 12:00:45 recover" in said
    assert "Your decision, if you cannot wait" in said
    segments = office.world.one("SELECT segments FROM delivery WHERE id = :id", id=delivery)
    assert segments >= 1 and f"Segments {segments}" in said


def test_what_the_provider_settled_is_not_called_a_persons_decision(office):
    registration = office.world.registration(office.world.session(), SERVICE_TEXTS)
    office.world.sms.will(DOUBT)
    office.world.work()
    office.clock.forward(minutes=1)
    office.world.sms.known.append(Found(("SM7",)))
    reconcile(office.runtime.engine, office.world.sms, office.clock())
    said = office.page(f"/staff/deliveries/{office.delivery_id(registration, 'C1')}")
    assert "today 12:01:00 Attempt 1 was found at the provider It had been taken. recover" in said
    assert "A person decided" not in said and "sent: the provider took it" in said


def test_receipts_stand_in_the_history_with_what_they_did(office):
    registration = office.world.registration(office.world.session())
    office.world.work()
    delivery = office.delivery_id(registration, "C0")
    with transaction(office.runtime.engine) as db:
        arrival = receipts.store_arrival(db, "ses", b"sealed", office.clock())
        one = Receipt(
            provider="ses", event_id="e1", kind=Kind.BOUNCED, channel=Channel.EMAIL, code="5.1.1", detail="no such user"
        )
        receipts.store_receipt(db, arrival, one, delivery, None, office.clock())
    said = office.page(f"/staff/deliveries/{delivery}")
    assert "today 12:00:00 Came back, says Amazon SES Code 5.1.1: no such user. Not applied yet. receipt" in said
    office.world.sql("UPDATE receipt SET applied_at = received_at, effect = 'bounced, address suppressed'")
    assert "Code 5.1.1: no such user. So: bounced, address suppressed. receipt" in office.page(
        f"/staff/deliveries/{delivery}"
    )


@pytest.mark.parametrize("reason", ["on_hold", "domain_paused", "unapproved"])
def test_a_held_one_says_why_it_waits(office, reason):
    registration = office.world.registration(office.world.session())
    office.world.sql("UPDATE delivery SET reason = :reason", reason=reason)
    delivery = office.delivery_id(registration, "C0")
    assert f"Waits until 12:00:00 {REASONS[reason]}" in office.page(f"/staff/deliveries/{delivery}")
    assert f"planned {REASONS[reason]}" in office.page("/staff/deliveries")


def test_what_a_kill_switch_holds_back_says_so(office):
    registration = office.world.registration(office.world.session())
    office.post("/staff/kill-switches", what="purpose", purpose="service", why="a wrong link")
    said = office.page(f"/staff/deliveries/{office.delivery_id(registration, 'C0')}")
    assert "Held back by a kill switch a wrong link" in said


def test_leaving_it_closes_it_for_good(office):
    delivery = office.in_doubt(office.world.session())
    answer = office.post(f"/staff/deliveries/{delivery}/decision", choice="leave")
    said = office.page(answer.headers["location"])
    assert "It is left unsent." in said and "A person decided" in said
    assert ("left unsent", f"delivery:{delivery}") in office.record()
    assert office.world.work() == 0


def test_a_second_press_finds_nothing_to_decide(office):
    delivery = office.in_doubt(office.world.session())
    office.post(f"/staff/deliveries/{delivery}/decision", choice="leave")
    assert office.post(f"/staff/deliveries/{delivery}/decision", choice="again").status_code == 409
    assert office.world.work() == 0


@pytest.mark.parametrize("fields", [{"choice": "both"}, {}, {"choice": "again", "csrf": "stolen"}])
def test_a_press_that_says_nothing_clear_changes_nothing(office, fields):
    delivery = office.in_doubt(office.world.session())
    assert office.post(f"/staff/deliveries/{delivery}/decision", **fields).status_code in (403, 422)
    assert office.world.one("SELECT status FROM delivery WHERE id = :id", id=delivery) == 8


def test_when_it_would_come_too_late_only_leaving_is_offered(office):
    delivery = office.in_doubt(office.world.session(HOUR))
    office.clock.forward(days=2)
    said = office.page(f"/staff/deliveries/{delivery}")
    assert "Not possible any more" in said and "no use since" in said
    assert office.post(f"/staff/deliveries/{delivery}/decision", choice="again").status_code == 409


@pytest.mark.parametrize("path", ["/staff/deliveries/999", "/staff/deliveries/none", f"/staff/deliveries/{'9' * 25}"])
def test_a_delivery_that_is_not_there_is_not_found(office, path):
    assert office.get(path).status_code == 404


def test_the_captured_words_are_one_link_away(office):
    session = office.world.session()
    registration = office.world.registration(session, LESSONS)
    office.world.work()
    html = office.get(f"/staff/deliveries/{office.delivery_id(registration, 'C0')}").text
    assert 'href="/outbox/provider-1"' in html


def test_where_a_real_provider_took_it_there_is_no_such_link(office):
    session = office.world.session()
    registration = office.world.registration(session)
    office.world.work()
    object.__setattr__(office.runtime.settings, "email_provider", "smtp")
    assert "/outbox/provider-1" not in office.get(f"/staff/deliveries/{office.delivery_id(registration, 'C0')}").text


def test_a_number_that_is_gone_shows_as_such(office):
    session = office.world.session()
    registration = office.world.registration(session, SERVICE_TEXTS)
    office.world.sql("UPDATE registrant SET phone = NULL")
    said = office.page(f"/staff/deliveries/{office.delivery_id(registration, 'C1')}")
    assert "Number no number" in said
    assert Channel.SMS in said.lower() or "Text to" in said
