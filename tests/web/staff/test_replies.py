"""What people wrote to us: the list, one of them whole, and what may follow from it."""

import pytest

from campaigns.domain.steps import Channel, Purpose
from campaigns.store.consents import stopped
from campaigns.store.engine import transaction
from campaigns.store.inbound import is_held
from tests.factories import NUMBER, SERVICE_TEXTS
from tests.web.staff import letterbox

UNCLEAR = "Maybe stop the long ones, they are a bit much"
URGENT = "I have felt numb between my legs since Monday"
QUESTION = "Do I need running shoes for this?"


@pytest.fixture
def ada(office):
    """Somebody with a number and an email; gives the registration."""
    return office.world.registration(office.world.session(), SERVICE_TEXTS, first_name="Ada", last_name="Byron")


def held(office, address=NUMBER, channel=Channel.SMS) -> bool:
    with transaction(office.runtime.engine) as db:
        return is_held(db, channel, address)


def silent(office, address=NUMBER, channel=Channel.SMS) -> bool:
    with transaction(office.runtime.engine) as db:
        return stopped(db, channel, address, Purpose.SERVICE)


def test_nothing_to_read_says_so(office):
    said = office.page("/staff/replies")
    assert "Replies Nothing to be read" in said and "Nobody waits for you" in said
    assert "Replies 0" not in said


def test_urgent_ones_come_first_then_what_makes_messages_wait_then_the_oldest(office, ada):
    letterbox.mail(office, QUESTION, "stranger@example.org")
    letterbox.text(office, "And where do I park?", "+12075559876")
    letterbox.text(office, UNCLEAR)
    letterbox.text(office, URGENT, "+12075551111")
    said = office.page("/staff/replies")
    order = ["I have felt numb", "Maybe stop the", "Do I need running", "And where do I park"]
    assert [said.index(word) for word in order] == sorted(said.index(word) for word in order)
    assert "Ada Byron +1…0123 messages wait may mean stop" in said
    assert "Nobody we know s…@e….org a question waits for somebody to read it" in said
    assert "4 to be read" in said and "Replies 4 to be read, one of them urgent" in said


def test_an_urgent_one_is_marked_by_sign_and_word(office):
    letterbox.text(office, URGENT)
    html = office.get("/staff/replies").text
    assert (
        'class="state urgent"><svg class="icon" aria-hidden="true" focusable="false"><use href="#i-urgent"/></svg> <span>urgent'
        in html
    )
    assert '<span class="count urgent">1' in html


def test_the_list_shows_only_the_beginning_and_masks_addresses(office, ada):
    words = "What about " + "my shoes " * 30
    letterbox.text(office, words)
    said = office.page("/staff/replies")
    assert " ".join(words.split())[:80] + "…" in said
    assert " ".join(words.split())[:82] not in said
    assert NUMBER not in said


def test_all_the_words_stand_on_their_own_page_as_plain_text(office, ada):
    words = "Where <b>is</b> it?\n\nI looked & looked <script>alert(1)</script>"
    reply = letterbox.mail(office, words, "sam1@example.com", subject="Where")
    html = office.get(f"/staff/replies/{reply}").text
    assert (
        "Where\n\nWhere &lt;b&gt;is&lt;/b&gt; it?\n\nI looked &amp; looked &lt;script&gt;alert(1)&lt;/script&gt;"
        in html
    )
    said = office.page(f"/staff/replies/{reply}")
    assert "Email from Ada Byron a question came today 12:00" in said
    assert "Address sam1@example.com Came today 12:00:00" in said
    assert f'href="/staff/people/{ada}"' in html


def test_looking_changes_nothing_not_even_the_record(office, ada):
    reply = letterbox.text(office, UNCLEAR)
    before = office.world.sql("SELECT * FROM inbound"), office.record()
    office.page("/staff/replies")
    office.page(f"/staff/replies/{reply}")
    assert (office.world.sql("SELECT * FROM inbound"), office.record()) == before
    assert office.get(f"/staff/replies/{reply}/close").status_code == 405


def test_operations_see_the_words_and_no_whole_address(office, ada):
    reply = letterbox.text(office, QUESTION)
    office.sign_in("operations")
    said = office.page(f"/staff/replies/{reply}")
    assert QUESTION in said and "Number +1…0123" in said and NUMBER not in said


def test_closing_puts_it_away_with_its_alert_and_the_name(office):
    reply = letterbox.text(office, URGENT)
    assert office.world.one("SELECT count(*) FROM alert WHERE cleared_at IS NULL") == 1
    answer = office.post(f"/staff/replies/{reply}/close")
    assert answer.headers["location"] == "/staff/replies?done=closed"
    said = office.page("/staff/replies?done=closed")
    assert "The reply is closed." in said and "Nobody waits for you" in said
    assert "today 12:00 by Jenna Whitfield" in said
    assert ("reply closed", f"inbound:{reply}") in office.record()
    assert office.world.one("SELECT count(*) FROM alert WHERE cleared_at IS NULL") == 0
    assert "Jenna Whitfield : reply closed today 12:00" in office.page(f"/staff/replies/{reply}")
    assert office.post(f"/staff/replies/{reply}/close").status_code == 409


def test_what_makes_messages_wait_is_not_closed_before_that_is_decided(office, ada):
    reply = letterbox.text(office, UNCLEAR)
    assert "Close: seen to" not in office.page(f"/staff/replies/{reply}")
    assert office.post(f"/staff/replies/{reply}/close").status_code == 409
    assert office.world.one("SELECT count(*) FROM inbound WHERE closed_at IS NOT NULL") == 0


def test_letting_messages_go_on_lifts_the_hold_and_leaves_the_reply_open(office, ada):
    reply = letterbox.text(office, UNCLEAR)
    assert held(office)
    answer = office.post(f"/staff/replies/{reply}/go-on")
    said = office.page(answer.headers["location"])
    assert "Messages go on." in said and "Close: seen to" in said
    assert not held(office) and not silent(office)
    assert ("messages let go on", f"inbound:{reply}") in office.record()
    assert office.post(f"/staff/replies/{reply}/go-on").status_code == 409


def test_stopping_keeps_their_words_as_the_evidence_and_who_read_them(office, ada):
    reply = letterbox.text(office, UNCLEAR)
    answer = office.post(f"/staff/replies/{reply}/stop")
    said = office.page(answer.headers["location"])
    assert "All texts to this number are stopped." in said and "All texts to this number are stopped already." in said
    assert silent(office) and not held(office)
    evidence = office.world.one("SELECT evidence FROM consent WHERE NOT granted")
    assert evidence == {"means": "staff", "scope": "all", "words": UNCLEAR, "staff": office.me}
    assert ("everything stopped for a reply", f"inbound:{reply}") in office.record()
    assert UNCLEAR not in str(office.world.sql("SELECT detail FROM audit"))


def test_a_mail_nobody_can_be_found_behind_has_no_address_to_stop(office):
    reply = letterbox.mail(office, QUESTION, "")
    said = office.page(f"/staff/replies/{reply}")
    assert "there is no address to stop" in said and "Address not given" in said
    assert office.post(f"/staff/replies/{reply}/stop").status_code == 422
    assert office.world.one("SELECT count(*) FROM suppression") == 0


def test_words_sealed_with_a_lost_secret_break_no_page(office, ada):
    reply = letterbox.text(office, UNCLEAR)
    office.world.sql("UPDATE inbound SET body = 'lost'")
    assert "(no words)" in office.page("/staff/replies")
    assert "sealed with a secret that is not set any more" in office.page(f"/staff/replies/{reply}")
    assert office.post(f"/staff/replies/{reply}/stop").status_code == 303
    assert silent(office)


def test_words_that_no_database_can_keep_are_kept_without_what_it_cannot(office, ada):
    reply = letterbox.text(office, UNCLEAR)
    sealed = office.runtime.seal.close(b"no more\x00 \xff")
    office.world.sql("UPDATE inbound SET body = :body", body=sealed)
    assert office.post(f"/staff/replies/{reply}/stop").status_code == 303
    assert office.world.one("SELECT evidence ->> 'words' FROM consent WHERE NOT granted") == "no more �"


def test_one_that_is_not_taken_in_yet_cannot_be_closed(office):
    reply = letterbox.text(office, UNCLEAR, applied=False)
    said = office.page(f"/staff/replies/{reply}")
    assert "it is still being taken in" in said and "not taken in yet" in said
    assert office.post(f"/staff/replies/{reply}/close").status_code == 409


def test_what_needs_nobody_stands_among_the_closed_ones(office, ada):
    letterbox.text(office, "STOP")
    said = office.page("/staff/replies")
    assert "Nobody waits for you" in said
    assert "Text: STOP Ada Byron +1…0123 says stop today 12:00 by the service" in said


@pytest.mark.parametrize("path", ["999", "0", "none", "9" * 30])
def test_a_reply_that_is_not_there_is_not_found(office, path):
    assert office.get(f"/staff/replies/{path}").status_code == 404


@pytest.mark.parametrize("act", ["close", "go-on", "stop"])
def test_a_press_from_elsewhere_or_about_nothing_changes_nothing(office, ada, act):
    reply = letterbox.text(office, UNCLEAR)
    assert office.post(f"/staff/replies/{reply}/{act}", csrf="stolen").status_code == 403
    assert office.post(f"/staff/replies/999/{act}").status_code == 404
    assert held(office) and not silent(office) and office.record() == []
