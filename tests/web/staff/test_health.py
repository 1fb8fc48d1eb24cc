"""Is it running? The page that says so without SQL."""

from datetime import timedelta

from tests.factories import DAY, SERVICE_TEXTS


def test_a_service_without_a_scheduler_says_what_is_safe(office):
    said = office.page("/staff/health")
    assert "No scheduler has shown a sign of life. Registrations are taken and kept" in said
    assert "Last hand-over to workers never by the dispatcher" in said
    assert "No session lies ahead" in said


def test_rhythms_show_their_latest_sign_once(office):
    for scheduler, ago in (("a:1", 1), ("b:2", 50)):
        office.world.sql(
            "INSERT INTO rhythm (name, scheduler, last_at, took_ms, acted) VALUES ('dispatch', :s, :at, 12, 1204)",
            s=scheduler,
            at=office.clock() - timedelta(seconds=ago),
        )
    said = office.page("/staff/health")
    assert "Dispatch 1 s ago took 12 ms, changed 1,204" in said
    assert said.count("Dispatch ") == 1
    assert "sign of life" not in said


def test_a_rhythm_that_fell_silent_stands_out(office):
    at = office.clock() - timedelta(minutes=5)
    office.world.sql("INSERT INTO rhythm VALUES ('plan', 'a:1', :at, 12, 0)", at=at)
    html = office.get("/staff/health").text
    assert '<div class="bad"><dt>Plan</dt><dd><b>5 min ago</b>' in html


def test_queues_count_what_is_due_claimed_and_moving(office):
    session = office.world.session()
    office.world.registration(session, SERVICE_TEXTS)
    office.world.registration(session)
    office.clock.forward(minutes=5)
    said = office.page("/staff/health")
    assert "Email is late by 5 min" in said
    assert "Email: Email, urgent 2 5 min – –" in said
    assert "Text: Text, urgent 1 5 min – –" in said
    office.world.dispatch()
    said = office.page("/staff/health")
    assert "Email: Email, urgent – – 2 –" in said
    assert "Email is on time" in said and "Texts are on time" in said
    assert "Last hand-over to workers 0 s ago" in said or "in 0 s" in said


def test_an_unknown_delivery_asks_for_a_decision(office):
    office.in_doubt(office.world.session())
    said = office.page("/staff/health")
    assert "1 message is in doubt." in said
    assert "Unknown 1 decide" in said


def test_watermarks_say_how_far_each_session_is_planned(office):
    session = office.world.session(DAY)
    assert "tomorrow 12:00 Runners' class to be planned again" in office.page("/staff/health").replace("’", "'")
    office.world.sql(
        "UPDATE webinar_session SET planned_until = :until WHERE id = :id",
        id=session,
        until=office.clock() + timedelta(hours=6),
    )
    assert "class today 18:00" in office.page("/staff/health")


def test_what_people_did_is_listed(office):
    delivery = office.in_doubt(office.world.session())
    office.post(f"/staff/deliveries/{delivery}/decision", choice="leave")
    said = office.page("/staff/health")
    assert f"Jenna Whitfield : left unsent delivery:{delivery}, channel email, attempts 1" in said


def test_words_without_an_approval_are_named_with_the_steps_that_wait_for_them(office):
    assert "Every step has words that may leave." in office.page("/staff/health")
    office.world.sql(
        "UPDATE approval SET withdrawn_at = now() WHERE template_version_id IN"
        " (SELECT id FROM template_version WHERE name = 'day-before')"
    )
    said = office.page("/staff/health")
    assert "or not for long day-before The day before approval withdrawn What waits goes out once" in said


def test_an_approval_that_runs_out_soon_is_named_before_it_has(office):
    """A month ahead, so that a clinician reads the words again before they stop."""
    office.world.sql(
        "UPDATE approval SET expires_at = :at, demo = false WHERE template_version_id IN"
        " (SELECT id FROM template_version WHERE name = 'day-before')",
        at=office.clock() + 31 * DAY,
    )
    assert "Every step has words that may leave." in office.page("/staff/health")
    office.clock.forward(days=2)
    assert "day-before The day before approval runs out in 29 days" in office.page("/staff/health")
    office.clock.forward(days=30)
    assert "day-before The day before approval has run out" in office.page("/staff/health")


def test_a_demonstrations_approval_counts_only_where_messages_are_captured(office):
    object.__setattr__(office.runtime.settings, "sms_provider", "twilio")
    object.__setattr__(office.runtime.settings, "twilio_account_sid", "AC1")
    said = office.page("/staff/health")
    assert "confirmation-sms" in said and "day-before" not in said
