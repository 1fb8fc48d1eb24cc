"""The pages of the claims register."""

from tests.factories import DAY, HOUR, LESSONS, NOON

CLAIM = "/staff/claims/two-joints"


def test_the_register_shows_statement_standing_source_and_use(office):
    said = office.page("/staff/claims")
    assert "There are two SI joints." in said and "has a source; no clinician has signed it" in said
    assert "red-flags" in said and "not to be used before a clinician signs it" in said


def test_a_page_shows_every_message_and_planned_delivery_that_it_touches(office):
    world = office.world
    mine = world.registration(world.session(9 * DAY), LESSONS)
    world.live(NOON + 20 * HOUR)
    page = office.get(CLAIM).text
    said = office.page(CLAIM)
    assert "1 in the ledger now" in said and "1 message and 1 planned delivery stop" in said
    assert f'href="/staff/deliveries/{office.delivery_id(mine, "D1")}"' in page
    assert 'href="/staff/messages/is-it-your-si-joint?version=' in page


def test_withdrawing_needs_a_reason_and_shows_what_it_touched(office):
    assert "Say why" in office.post(f"{CLAIM}/withdraw", why="").text
    answer = office.post(f"{CLAIM}/withdraw", why="A newer study says otherwise")
    said = office.page(answer.headers["location"])
    assert "The claim is withdrawn." in said and "A newer study says otherwise" in said
    assert "Withdraw it" not in said
    assert "Do not leave 1" in office.page("/staff/messages?show=held")
    assert "approval withdrawn" in office.page("/staff/messages/is-it-your-si-joint")
    assert office.post(f"{CLAIM}/withdraw", why="again").status_code == 422


def test_a_clinician_signs_a_claim_and_names_its_source(office):
    assert "Sign the claim" not in office.page("/staff/claims/red-flags")
    assert office.post("/staff/claims/red-flags/sign", basis="a guideline", citation="x").status_code == 403
    office.sign_in("clinician", "Dr. Ada Brook")
    answer = office.post("/staff/claims/red-flags/sign", basis="general safety", citation="")
    assert (
        answer.status_code == 422 and 'id="citation-wrong"' in answer.text and 'value="general safety"' in answer.text
    )
    answer = office.post("/staff/claims/red-flags/sign", basis="general safety", citation="a guideline")
    said = office.page(answer.headers["location"])
    assert "The claim is signed." in said and "signed by a clinician" in said and "Dr. Ada Brook" in said


def test_an_unknown_claim_is_not_there(office):
    assert office.get("/staff/claims/no-such").status_code == 404
    assert office.post("/staff/claims/no-such/withdraw", why="x").status_code == 404


def test_an_address_that_names_nothing_is_not_there(office):
    for path in ("/staff/claims/%00", f"{CLAIM}?after=99999999999999999999", f"{CLAIM}?after=-1", "/staff/claims/Who"):
        assert office.get(path).status_code == 404, path
    for path in ("/staff/messages/%00", "/staff/messages/%00/edit", "/staff/messages/..%2fx"):
        assert office.get(path).status_code == 404, path
