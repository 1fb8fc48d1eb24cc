"""A message as one person would get it: exactly the bytes that would be sent."""

import re
from dataclasses import asdict, fields, replace
from urllib.parse import parse_qs, urlsplit

import pytest

from campaigns.domain.steps import Channel
from campaigns.operations.compose import open_writing, save, words_in
from campaigns.operations.erase import erase
from campaigns.operations.send import send_batch
from campaigns.providers.folder import read_captured
from campaigns.runtime import open_desk
from campaigns.store import webinars
from campaigns.store.campaigns import add_campaign, add_step, steps_of
from campaigns.store.engine import transaction
from campaigns.web.staff.preview import Query
from tests import offices
from tests.factories import DAY, LESSONS, NUMBER, SERVICE_TEXTS
from tests.web.staff import letterbox

PREVIEW = "/staff/messages/confirmation/preview"


def sent_by_the_worker(office) -> dict[str, str]:
    """What a real worker of this runtime captures: names in the outbox by channel."""
    world = office.world
    providers = office.runtime.providers
    world.email, world.sms = providers[Channel.EMAIL], providers[Channel.SMS]
    world.dispatch()
    with open_desk(office.runtime, lambda: False) as desk:
        for _, batch in world.bells:
            send_batch(desk, batch)
    rows = world.sql("SELECT channel, provider_id FROM delivery WHERE status = 3")
    return {row.channel: row.provider_id for row in rows}


def test_a_preview_is_the_file_and_the_text_that_the_worker_captures(office):
    registration = office.world.registration(office.world.session(), SERVICE_TEXTS, first_name="Zoë", language="es")
    eml = office.get(f"{PREVIEW}/message.eml?who={registration}")
    text = bubble(office.get(f"/staff/messages/confirmation-sms/preview?who={registration}").text)
    assert eml.headers["content-type"] == "message/rfc822" and eml.headers["cache-control"] == "no-store"
    names, outbox = sent_by_the_worker(office), office.runtime.settings.outbox
    assert eml.content == (outbox / "email" / f"{names['email']}.eml").read_bytes()
    assert text == read_captured(outbox, names["sms"]).text and "Zo" not in text.split()


def test_a_preview_says_for_whom_it_is_and_how_exact(office):
    registration = office.world.registration(office.world.session(), first_name="Maya", last_name="Rodriguez")
    said = office.page(f"{PREVIEW}?who={registration}")
    assert "Maya Rodriguez, registration 1" in said and "The links are this person’s own, and they work." in said
    delivery = office.delivery_id(registration, "C0")
    assert f"Byte for byte what a worker hands over at this moment, if nothing changes: delivery {delivery} ." in said
    assert "The email, today 12:00 EST, when it is due" in said and "class of Thu 11 Mar 12:00" in said
    assert "You have a place in the runners' class" in said
    later = office.page(f"/staff/messages/day-before/preview?who={registration}")
    assert "It is not in the ledger yet." in later and "Wed 10 Mar 12:00 EST, when it is due" in later
    invented = office.page(PREVIEW)
    assert "Nobody real: the links lead nowhere" in invented and "Maya" not in invented


def test_what_was_sent_says_so(office):
    registration = office.world.registration(office.world.session())
    office.world.work()
    office.clock.forward(hours=3)
    assert "It went out today 12:00; this is made from what is known now." in office.page(
        f"{PREVIEW}?who={registration}"
    )
    office.world.sql("UPDATE delivery SET status = 6, reason = '550 no such mailbox', sent_at = NULL")
    assert "Its row in the ledger says failed: 550 no such mailbox." in office.page(f"{PREVIEW}?who={registration}")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("is-it-your-si-joint", "Would not be sent to this person: no consent. It is shown all the same."),
        ("missed-replay", "Would not be sent to this person yet: it waits for attendance."),
        ("confirmation-sms", "Would not be sent to this person: no number to write to."),
    ],
)
def test_what_would_not_leave_says_why(office, name, says):
    registration = office.world.registration(office.world.session())
    said = office.page(f"/staff/messages/{name}/preview?who={registration}")
    assert says in said and ("The email" in said or "The text" in said)


def test_a_hold_a_kill_switch_and_a_missing_approval_are_told(office):
    registration = office.world.registration(office.world.session(), SERVICE_TEXTS)
    address = f"/staff/messages/confirmation-sms/preview?who={registration}"
    letterbox.text(office, "Maybe stop the long ones, they are a bit much", NUMBER)
    assert "Would wait until today 12:05: what they wrote waits to be read." in office.page(address)
    office.world.sql("UPDATE approval SET withdrawn_at = approved_at")
    assert "No approval of these words is in force." in office.page(address)
    office.world.sql("INSERT INTO kill_switch (reason, at) VALUES ('a wrong link', :now)", now=office.clock())
    assert "Would wait: a kill switch holds back messages of this kind." in office.page(address)


def test_every_part_can_be_looked_at(office):
    assert "<iframe" in office.get(PREVIEW).text and "<iframe" in office.get(f"{PREVIEW}?part=nonsense").text
    assert "You have a place, Jo." in office.page(f"{PREVIEW}?part=text")
    assert "BEGIN:VCALENDAR" in office.page(f"{PREVIEW}?part=calendar")
    heads = office.page(f"{PREVIEW}?part=headers")
    assert "Message-ID" in heads and "List-Unsubscribe-Post" in heads
    assert "Calendar" not in office.get("/staff/messages/next-step/preview").text.partition("segments")[2][:600]


def test_the_html_is_alone_in_its_frame(office):
    answer = office.get(f"{PREVIEW}/html?scheme=dark&images=off")
    assert "sandbox allow-popups" in answer.headers["content-security-policy"]
    assert "img-src 'none'" in answer.headers["content-security-policy"]
    assert "prefers-color-scheme" not in answer.text and "You have a place" in answer.text
    frames = re.findall(r'<iframe[^>]*src="([^"]*)"[^>]*sandbox="([^"]*)"', office.get(PREVIEW).text)
    assert frames == [(f"{PREVIEW}/html?scheme=light", "allow-popups allow-popups-to-escape-sandbox")] * 2


@pytest.mark.parametrize("rest", ["/html", "/message.eml"])
def test_a_text_has_no_parts_of_an_email(office, rest):
    assert office.get(f"/staff/messages/confirmation-sms/preview{rest}").status_code == 404


def test_an_email_is_weighed(office):
    said = office.page("/staff/messages/three-questions/preview")
    assert re.search(r"HTML \d+(\.\d)? KB Gmail cuts off what is over 102 KB", said)
    assert re.search(r"Words \d{3} without", said) and re.search(r"Reading grade \d\.\d 6\.9 is the aim", said)
    assert "Reading grade – for English only" in office.page(f"{PREVIEW}?who=spanish")
    assert "Reading grade – too few words to grade" in office.page("/staff/messages/doors-open/preview")


def test_a_text_says_its_alphabet_and_which_character_forces_it(office):
    registration = office.world.registration(office.world.session(), SERVICE_TEXTS)
    said = office.page(f"/staff/messages/code-sms/preview?who={registration}")
    assert re.search(r"Alphabet GSM-7 160 units in one segment Units \d+ in \d+ characters Segments \d", said)
    assert "Price" not in said and f"to {NUMBER}" in said
    office.world.sql("UPDATE registrant SET first_name = 'Łuk'")
    office.world.reworded("code-sms", "{{ code }}", "{{ code }} {{ first_name }}")
    said = office.page(f"/staff/messages/code-sms/preview?who={registration}")
    assert "Alphabet UCS-2 70 units in one segment" in said
    assert "This character is not in the plain alphabet" in said and "Ł latin capital letter l with stroke" in said


def test_a_text_has_a_price_where_one_is_set(furnished, tmp_path):
    with offices.opened(furnished, tmp_path, sms_price="0.0083 USD") as office:
        session = office.world.session()
        for _ in range(3):
            registration = office.world.registration(session, SERVICE_TEXTS)
        said = office.page(f"/staff/messages/confirmation-sms/preview?who={registration}")
        parts = int(re.search(r"Segments (\d)", said)[1])
        assert f"Price {parts * 0.0083:.4f} USD {parts} × 0.0083 USD" in said
        assert f"For this step {3 * parts * 0.0083:.4f} USD about 3 people" in said


def test_somebody_is_found_by_a_form_and_no_address_stands_in_the_address(office):
    first, second = office.world.session(), office.world.session(20 * DAY)
    office.world.registration(first, SERVICE_TEXTS, email="sam@example.com", phone=NUMBER)
    newest = office.world.registration(second, SERVICE_TEXTS, email="sam@example.com", phone=NUMBER)
    for typed in (str(newest), "Sam@Example.com", "(207) 555-0123", NUMBER):
        answer = office.post(f"{PREVIEW}/person", person=typed, part="text", language="es")
        assert answer.status_code == 303
        query = parse_qs(urlsplit(answer.headers["location"]).query)
        assert query == {"who": [str(newest)], "part": ["text"], "language": ["es"]}
    assert "Ya tiene" in office.page(answer.headers["location"])


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "Type the number of a registration"),
        ("nobody@example.com", "Nobody has registered with this."),
        ("sam@", "There is nothing after the @ yet."),
        ("999", "number"),
        ("9" * 5000, "number"),
        ("x\x00y", ""),
    ],
)
def test_who_is_not_found_is_asked_for_again_beside_what_was_typed(office, typed, says):
    answer = office.post(f"{PREVIEW}/person", person=typed)
    assert answer.status_code == 422
    assert says in offices.plain(answer.text) and 'aria-describedby="person-wrong"' in answer.text


def test_a_form_without_the_token_of_the_login_finds_nobody(office):
    office.world.registration(office.world.session(), email="sam@example.com")
    answer = office.client.post(f"{PREVIEW}/person", data={"csrf": "another", "person": "sam@example.com"})
    assert answer.status_code == 403


@pytest.mark.parametrize("role", ["marketing", "clinician", "operations", "admin"])
def test_every_role_may_look(office, role):
    if role != "marketing":
        office.sign_in(role)
    assert office.get(PREVIEW).status_code == 200


def test_looking_is_not_put_on_record(office):
    registration = office.world.registration(office.world.session())
    office.page(f"{PREVIEW}?who={registration}")
    office.get(f"{PREVIEW}/message.eml?who={registration}")
    assert office.record() == []


def test_words_that_cannot_be_used_say_why_and_the_choice_stays(office):
    registration = office.world.registration(office.world.session())
    version = office.world.reworded("confirmation", "You have", "{{ nobody_knows_this }}", doctor=False)
    answer = office.get(f"{PREVIEW}?who={registration}&version={version}")
    assert answer.status_code == 422
    said = offices.plain(answer.text)
    assert "This cannot be shown. confirmation/" in said and "nobody_knows_this" in said
    assert f'<option value="{version}" selected>Version 2, today 12:00</option>' in answer.text
    assert "The email" in office.page(f"{PREVIEW}?who={registration}")


def test_other_words_than_those_that_go_out_say_so(office):
    registration = office.world.registration(office.world.session())
    version = office.world.reworded("confirmation", "You have", "You now have", doctor=False)
    said = office.page(f"{PREVIEW}?who={registration}&version={version}")
    assert "These are not the words that go out. Version 1 does." in said and "Byte for byte" not in said
    assert "Byte for byte" in office.page(f"{PREVIEW}?who={registration}")


def test_a_draft_can_be_looked_at(office):
    with transaction(office.runtime.engine) as db:
        opened = open_writing(db, "survey")
        words = words_in(opened.files)
        parts = {**words.parts, "subject.en": "A draft of a subject"}
        more = {"version_id": opened.version_id, "seen": 0, "staff_id": office.me, "now": office.clock()}
        save(db, "survey", replace(words, parts=parts), **more)
    said = office.page("/staff/messages/survey/preview?version=draft")
    assert "This is the draft. Version 1 goes out until" in said and "A draft of a subject" in said
    assert "A draft of a subject" not in office.page("/staff/messages/survey/preview")


def test_words_that_only_a_demonstration_lets_out_show_its_mark(office):
    assert "[Demo]" in bubble(office.get("/staff/messages/confirmation-sms/preview").text)
    office.world.reworded("confirmation-sms")
    assert "[Demo]" not in bubble(office.get("/staff/messages/confirmation-sms/preview").text)


def test_what_no_step_of_somebodys_campaign_sends_cannot_be_shown_as_them(office):
    registration = office.world.registration(office.world.session())
    office.world.without_steps("S1-nothing")
    office.world.sql("UPDATE step SET template = 'moved' WHERE template = 'survey'")
    answer = office.get(f"/staff/messages/survey/preview?who={registration}")
    assert answer.status_code == 422 and "Choose somebody invented." in answer.text
    assert "No step sends it yet" in office.page("/staff/messages/survey/preview")


def test_somebody_erased_is_not_there_any_more(office):
    registration = office.world.registration(office.world.session(), first_name="Ada")
    office.clock.forward(minutes=1)
    with transaction(office.runtime.engine) as db:
        assert erase(db, registration, office.runtime.guard, office.clock())
    for rest in ("", "/html", "/message.eml"):
        answer = office.get(f"{PREVIEW}{rest}?who={registration}")
        assert answer.status_code == 404 and "erased their data" in answer.text and "Ada" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/staff/messages/nothing/preview",
        "/staff/messages/Confirmation/preview",
        "/staff/messages/%00/preview",
        "/staff/messages/-/preview",
        f"{PREVIEW}?who=999",
        f"{PREVIEW}?who=nobody",
        f"{PREVIEW}?version=999999",
        f"{PREVIEW}?step=B4",
        f"{PREVIEW}?webinar=nowhere",
    ],
)
def test_what_is_not_there_is_not_found(office, path):
    assert office.get(path).status_code == 404


def test_no_query_breaks_the_page(office):
    for value in ("%00", "%ff", "x" * 5000, "%e2%80%ae", "-1", "9" * 99, "%D9%A3"):
        for key in (one.name for one in fields(Query)):
            for rest in ("", "/html"):
                assert office.get(f"{PREVIEW}{rest}?{key}={value}").status_code in (200, 404), (key, value)


def test_of_several_webinars_one_can_be_chosen(office):
    assert 'name="webinar"' not in office.get(PREVIEW).text
    now = office.clock()
    with transaction(office.runtime.engine) as db:
        model = webinars.webinar_by_slug(db, "si-joint-runners")
        other = {name: value for name, value in asdict(model).items() if name != "id"}
        number = webinars.add_webinar(db, other | {"slug": "hips", "title": "Hips", "class_title": "Hip class"}, now)
        campaign = add_campaign(db, number, "Hips", now)
        for step in steps_of(db, model.id):
            add_step(db, campaign, step)
    page = office.get(PREVIEW).text
    assert '<option value="hips">Hips</option>' in page and "You have a place in the runners" in page
    assert "You have a place in the hip class" in office.page(f"{PREVIEW}?webinar=hips")


def test_of_several_steps_one_can_be_chosen(office):
    assert 'name="step"' not in office.get(PREVIEW).text
    office.world.step("Z9", name="Once more", template="confirmation", at="starts - 60 min")
    page = office.get(f"{PREVIEW}?step=Z9").text
    assert '<option value="Z9" selected>Once more</option>' in page
    assert "−60 min, counted from the start" in offices.plain(page) or "−1 h" in offices.plain(page)


def test_a_person_page_leads_to_each_message_as_them(office):
    registration = office.world.registration(office.world.session(), LESSONS)
    page = office.get(f"/staff/people/{registration}").text
    links = re.findall(r'href="(/staff/messages/[^"]*/preview[^"]*)"', page)
    assert f"/staff/messages/confirmation/preview?who={registration}&amp;step=C0" in links and len(links) > 10
    assert "The email" in office.page(links[0].replace("&amp;", "&"))


def test_the_address_of_a_view_keeps_what_was_chosen(office):
    registration = office.world.registration(office.world.session())
    page = office.get(f"{PREVIEW}?who={registration}&at=soon&scheme=dark&phone=320").text
    assert f'src="{PREVIEW}/html?who={registration}&amp;at=soon&amp;phone=320&amp;scheme=dark"' in page
    assert 'class="at-320"' in page and '<input type="hidden" name="phone" value="320">' in page
    assert "1 hour" not in page and "40 minutes before the class" in page


def bubble(html: str) -> str:
    return offices.plain(re.search(r'class="bubble">(.*?)</p>', html, re.DOTALL)[1])
