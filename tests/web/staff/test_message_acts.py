"""What is pressed on the page of a message."""

import re

import pytest

NAME = "is-it-your-si-joint"
READ = f"/staff/messages/{NAME}"
YES = {"licence": "MD, Maine 1", "interests": "none", "evidence": "PMID 1", "days": "90"}


def test_a_clinician_approves_what_the_page_showed(office):
    version = office.world.reworded(NAME, doctor=False)
    office.sign_in("clinician", "Dr. Ada Brook")
    answer = office.post(f"{READ}/versions/{version}/approve", **YES, hash=shown_hash(office, version))
    assert answer.status_code == 303
    said = office.page(answer.headers["location"])
    assert "Approved." in said and "Dr. Ada Brook, MD, Maine 1" in said and "interests: none" in said
    assert office.record()[-1] == ("message approved", f"message:{NAME}")


def test_words_that_changed_since_the_page_was_opened_are_not_approved(office):
    version = office.world.reworded(NAME, doctor=False)
    office.sign_in("clinician", "Dr. Ada Brook")
    answer = office.post(f"{READ}/versions/{version}/approve", **YES, hash="0" * 64)
    assert answer.status_code == 422 and "other words than those you have read" in answer.text
    assert office.world.one("SELECT count(*) FROM approval WHERE template_version_id = :id", id=version) == 0


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("licence", "", "Write your licence"),
        ("interests", " ", "Say what you gain"),
        ("evidence", "", "Name what you have looked up"),
        ("days", "a year", "Write a number of days"),
        ("days", "366", "Write a number of days"),
        ("days", "-1", "Write a number of days"),
    ],
)
def test_what_is_missing_is_said_at_its_field_and_the_rest_stays(office, field, value, says):
    version = office.world.reworded(NAME, doctor=False)
    office.sign_in("clinician", "Dr. Ada Brook")
    fields = YES | {field: value, "hash": shown_hash(office, version)}
    answer = office.post(f"{READ}/versions/{version}/approve", **fields)
    assert answer.status_code == 422 and says in answer.text
    assert f'id="{field}-wrong"' in answer.text
    kept = "licence" if field != "licence" else "interests"
    assert f'value="{YES[kept]}"' in answer.text


@pytest.mark.parametrize("role", ["marketing", "operations", "admin"])
def test_nobody_else_approves(office, role):
    version = office.world.reworded(NAME, doctor=False)
    if role != "marketing":  # who is signed in already
        office.sign_in(role)
    answer = office.post(f"{READ}/versions/{version}/approve", **YES, hash=shown_hash(office, version))
    assert answer.status_code == 403


def test_an_admin_lets_new_words_out_here_only(office):
    version = office.world.reworded(NAME, doctor=False)
    assert office.post(f"{READ}/versions/{version}/show").status_code == 403
    office.sign_in("admin")
    assert "Show it in the demonstration" in office.page(READ)
    answer = office.post(f"{READ}/versions/{version}/show")
    assert "It goes out in the demonstration." in office.page(answer.headers["location"])
    assert office.world.one("SELECT demo FROM approval WHERE template_version_id = :id", id=version) is True


def test_words_that_newer_ones_have_followed_are_not_approved_again(office):
    older, newer = office.world.reworded(NAME, doctor=False), office.world.reworded(NAME)
    office.sign_in("clinician", "Dr. Ada Brook")
    answer = office.post(f"{READ}/versions/{older}/approve", **YES, hash=shown_hash(office, older))
    assert answer.status_code == 422 and "A newer version has been approved." in answer.text
    office.post(f"{READ}/versions/{newer}/withdraw", why="a mistake")
    assert "Nothing of this message leaves." in office.page(f"{READ}?version={older}")


def test_an_approval_is_taken_back_with_a_reason(office):
    version = office.world.reworded(NAME)
    answer = office.post(f"{READ}/versions/{version}/withdraw", why="")
    assert answer.status_code == 422 and "Say why" in answer.text
    answer = office.post(f"{READ}/versions/{version}/withdraw", why="The second line is wrong")
    said = office.page(answer.headers["location"])
    assert "The approval is taken back." in said and "approval withdrawn" in said and "The second line is wrong" in said
    assert office.post(f"{READ}/versions/{version}/withdraw", why="again").status_code == 422


def test_a_draft_is_published_from_the_page_that_showed_it(office):
    seen = saved(office, "Is it your joint?")
    answer = office.post(f"{READ}/publish", seen=str(seen + 7))
    assert answer.status_code == 422 and "Someone else has saved this draft" in answer.text
    answer = office.post(f"{READ}/publish", seen=str(seen))
    said = office.page(answer.headers["location"])
    assert "Published as a new version." in said and "version 2" in said
    assert office.post(f"{READ}/publish", seen=str(seen)).status_code == 404


def test_operations_publish_nothing(office):
    saved(office, "Is it your joint?")
    office.sign_in("operations")
    for act in ("publish", "discard", "edit"):
        assert office.post(f"{READ}/{act}", seen="1").status_code == 403
    assert office.get(f"{READ}/edit").status_code == 403


def test_a_draft_is_thrown_away(office):
    seen = saved(office, "Is it your joint?")
    assert office.post(f"{READ}/discard", seen="0").status_code == 422
    answer = office.post(f"{READ}/discard", seen=str(seen))
    assert "The draft is thrown away." in office.page(answer.headers["location"])
    assert office.world.one("SELECT count(*) FROM message_draft") == 0


def test_a_form_without_the_logins_token_changes_nothing(office):
    version = office.world.reworded(NAME, doctor=False)
    for act in ("approve", "show", "withdraw"):
        path = f"{READ}/versions/{version}/{act}"
        assert office.client.post(path, data=YES).status_code == 403
    assert office.client.post(f"{READ}/publish", data={"seen": "1"}).status_code == 403


def saved(office, heading):
    body = re.search(r'name="body.en"[^>]*>\n(.*?)</textarea>', office.get(f"{READ}/edit").text, re.DOTALL)[1]
    text = body.replace("# Is it your SI joint?", f"# {heading}").replace("&#39;", "'").replace("&#34;", '"')
    claims = [row[0] for row in office.world.sql("SELECT claim_id FROM version_claim v JOIN template_version t"
              " ON t.id = v.template_version_id WHERE t.name = :name", name=NAME)]  # fmt: skip
    version = office.world.one("SELECT max(id) FROM template_version WHERE name = :name", name=NAME)
    parts = {"subject.en": "Your {{ class_name }}: a two-minute read", "preheader.en": "The first one."}
    answer = office.post(
        f"{READ}/edit", **parts, **{"body.en": text, "claims": claims, "version_id": str(version), "seen": "0"}
    )
    assert answer.status_code == 303, answer.text
    return office.world.one("SELECT round FROM message_draft")


def shown_hash(office, version):
    return office.world.one("SELECT content_hash FROM template_version WHERE id = :id", id=version)
