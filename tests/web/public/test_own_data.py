"""Download my data, and erase it: the pages and their buttons."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import text

from campaigns.domain.steps import Channel, Purpose
from campaigns.store.engine import transaction

READS = (Channel.EMAIL, Purpose.EDUCATION)


def test_the_file_is_named_not_kept_and_holds_the_person(house):
    path = personal(house)
    assert f'action="{path}/data"' in house.client.get(path).text
    answer = house.client.post(f"{path}/data")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-robots-tag"] == "noindex, nofollow"
    assert json.loads(answer.text)["person"]["email"] == house.email


def test_following_a_link_gives_no_data(house):
    assert house.client.get(f"{personal(house)}/data").status_code == 405


def test_downloading_changes_nothing(house):
    path = personal(house)
    before = everything(house)
    for _ in range(2):
        house.client.post(f"{path}/data")
        house.client.get(f"{path}/erase")
    assert everything(house) == before


@pytest.mark.parametrize("act", ["data", "erase"])
def test_a_token_that_was_tampered_with_opens_nothing(house, act):
    token = personal(house).rpartition("/")[2]
    other = house.path(house.runtime.links.join(house.place(email=f"other-{house.email}"))).rpartition("/")[2]
    for wrong in (token[:-1] + ("A" if token[-1] != "A" else "B"), token[1:], other, "x"):
        answer = house.client.post(f"/r/{wrong}/{act}", data={"sure": "yes"})
        assert answer.status_code == 404
        assert house.email not in answer.text
    assert count(house, "erased_at IS NOT NULL") == 0


@pytest.mark.parametrize("act", ["data", "erase"])
def test_a_form_of_another_site_is_refused(house, act):
    evil = {"Origin": "https://evil.example"}
    answer = house.client.post(f"{personal(house)}/{act}", data={"sure": "yes"}, headers=evil)
    assert answer.status_code == 403
    assert count(house, "erased_at IS NOT NULL") == 0


def test_the_page_says_what_goes_and_what_stays_before_anything_is_asked(house):
    path = personal(house)
    assert f'href="{path}/erase"' in house.client.get(path).text
    page = house.client.get(f"{path}/erase")
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    for words in ("What goes", "What stays", "What this does not reach", "Nothing has changed yet."):
        assert words in page.text
    assert "!" not in page.text.partition("<main")[2].partition("</main>")[0].replace("<!--", "")


def test_without_the_tick_nothing_is_erased_and_the_page_says_so(house):
    path = personal(house)
    answer = house.client.post(f"{path}/erase", data={"sure": ""})
    assert answer.status_code == 422
    assert "Tick the box if you are sure" in answer.text and 'aria-describedby="sure-wrong"' in answer.text
    assert house.client.get(path).status_code == 200


def test_erased_once_the_page_says_so_and_every_link_leads_there(house):
    registration = house.place(consents={READS: house.boxes["email-education"]})
    links = house.runtime.links
    path = house.path(links.manage(registration))
    answer = house.client.post(f"{path}/erase", data={"sure": "yes"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}/erase")
    assert answer.headers["cache-control"] == "no-store"
    done = house.client.get(answer.headers["location"])
    assert done.status_code == 200 and "This page has been erased" in done.text
    dead = [path, *(house.path(one(registration)) for one in (links.join, links.watch))]
    dead += [f"{path}/details", f"{path}/cancel", house.path(links.stop(registration, *READS))]
    for one in dead:
        page = house.client.get(one)
        assert (page.status_code, "This page has been erased" in page.text) == (410, True), one
        assert page.headers["cache-control"] == "no-store"
        assert house.email not in page.text and "Sam" not in page.text


def test_every_button_of_an_erased_page_changes_nothing(house):
    other = house.add_session(17)
    registration = house.place()
    path = house.path(house.runtime.links.manage(registration))
    stop = house.path(house.runtime.links.stop(registration, *READS))
    house.client.post(f"{path}/erase", data={"sure": "yes"})
    before = everything(house)
    details = {"first_name": "Sam", "email": house.email, "phone": "", "zone": "America/Chicago"}
    for address, form in (
        (f"{path}/data", {}),
        (f"{path}/choices", {"send": "email-education"}),
        (f"{path}/switch", {"session": str(other)}),
        (f"{path}/cancel", {}),
        (f"{path}/accept", {}),
        (f"{path}/details", details),
        (f"{path}/ask", {"question": "May I run hills?"}),
        (f"{stop}/choose", {"scope": "kind"}),
        (f"{stop}/undo", {"kind": "email-service"}),
    ):
        answer = house.client.post(address, data={"x": "y", **form})
        assert (answer.status_code, "This page has been erased" in answer.text) == (410, True), address
    assert house.client.post(f"{path}/erase", data={"sure": "yes"}).status_code == 303
    assert everything(house) == before


def test_a_mail_program_that_stops_an_old_message_is_told_that_it_is_over(house):
    registration = house.place()
    path, stop = (
        house.path(one)
        for one in (house.runtime.links.manage(registration), house.runtime.links.stop(registration, *READS))
    )
    house.client.post(f"{path}/erase", data={"sure": "yes"})
    answer = house.client.post(stop, data={"List-Unsubscribe": "One-Click"})
    assert (answer.status_code, answer.text) == (200, "This registration has been erased. Nothing is sent for it.\n")


def test_pressed_several_times_at_once_it_is_one_erasure_and_never_an_error(house):
    path = personal(house)
    with ThreadPoolExecutor(3) as hands:
        answers = list(hands.map(lambda _: house.client.post(f"{path}/erase", data={"sure": "yes"}), range(5)))
    assert {one.status_code for one in answers} == {303}
    assert count(house, "erased_at IS NOT NULL AND first_name = 'Erased'") == 1


def test_downloads_at_once_are_all_whole(house):
    path = personal(house)
    with ThreadPoolExecutor(3) as hands:
        files = list(hands.map(lambda _: house.client.post(f"{path}/data").json(), range(5)))
    assert {one["person"]["email"] for one in files} == {house.email}


def test_the_form_takes_the_same_address_again(house):
    path = personal(house)
    house.client.post(f"{path}/erase", data={"sure": "yes"})
    assert house.send().status_code in (200, 303)
    assert count(house, "email = :email AND erased_at IS NULL", email=house.email) == 1


def test_a_link_that_went_to_a_former_address_says_erased_as_well(house):
    former = house.place()
    path = house.path(house.runtime.links.manage(former))
    details = {"first_name": "Sam", "email": f"new-{house.email}", "phone": "", "zone": "America/Chicago"}
    moved = house.client.post(f"{path}/details", data=details).headers["location"].partition("?")[0]
    assert "went over to another email address" in house.client.get(path).text
    house.client.post(f"{moved}/erase", data={"sure": "yes"})
    assert house.client.get(path).status_code == 410


def count(house, where: str, **values) -> int:
    """How many people of this test's class there are like that."""
    statement = text(
        "SELECT count(DISTINCT n.id) FROM registrant n JOIN registration r ON r.registrant_id = n.id"
        f" JOIN webinar_session s ON s.id = r.session_id WHERE s.webinar_id = :webinar AND {where}"
    )
    with transaction(house.runtime.engine) as db:
        return db.execute(statement, {"webinar": house.webinar_id, **values}).scalar_one()


def everything(house) -> dict[str, list[str]]:
    names = text("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'")
    with transaction(house.runtime.engine) as db:
        tables = list(db.execute(names).scalars())
        return {one: sorted(str(row) for row in db.execute(text(f'SELECT * FROM "{one}"'))) for one in tables}


def personal(house, **facts) -> str:
    return house.path(house.runtime.links.manage(house.place(**facts)))
