"""The pages of the messages: what goes out, by whose yes, and what waits."""

import re

READ = "/staff/messages/is-it-your-si-joint"


def test_the_list_says_plainly_that_no_clinician_has_read_the_shipped_messages(office):
    said = office.page("/staff/messages")
    assert "messages are approved for the demonstration only. No clinician has read them." in said
    assert "Confirmation confirmation for the demonstration only" in said
    assert "Do not leave 0" in said


def test_what_does_not_leave_can_be_picked_out(office):
    office.world.sql("UPDATE approval SET expires_at = approved_at + interval '1 minute' WHERE template_version_id = 1")
    name = office.world.one("SELECT name FROM template_version WHERE id = 1")
    office.clock.forward(hours=1)
    said = office.page("/staff/messages?show=held")
    assert "Do not leave 1" in said and name in said and "approval has run out" in said
    assert "No message is in this state." in office.page("/staff/messages?show=drafts")
    assert "All" in office.page("/staff/messages?show=nonsense")


def test_a_page_shows_words_claims_sizes_and_versions(office):
    said = office.page(READ)
    assert "There are two of these joints" in said and "# Is it your SI joint?" in said
    assert "two-joints" in said and "They are part of the pelvis" in said
    assert "came with the program" in said and "goes out" in said
    assert "grade" in said and "KB" in said


def test_what_is_different_between_versions_can_be_read(office):
    office.world.reworded(
        "is-it-your-si-joint", "There are two of these joints", "People have two of these joints", doctor=False
    )
    page = office.get(READ).text
    assert "People have two of these joints" in re.findall(r"<ins>(.*?)</ins>", page, re.DOTALL)[0]
    assert "There are two of these joints" in re.findall(r"<del>(.*?)</del>", page, re.DOTALL)[0]
    assert "What is different from version 1" in page
    assert "Version 1 goes out, not this one." in office.page(READ)
    assert "a newer version waits for a clinician" in office.page("/staff/messages?show=waiting")


def test_an_approved_version_says_by_whom_and_until_when(office):
    office.world.reworded("is-it-your-si-joint")
    said = office.page(READ)
    assert "Dr. Test, ME 1" in said and "approved until" in said
    office.clock.forward(days=301)
    assert "approval has run out" in office.page(READ)


def test_an_unknown_message_or_version_is_not_there(office):
    assert office.get("/staff/messages/no-such").status_code == 404
    assert office.get(f"{READ}?version=999999").status_code == 404
    other = office.world.one("SELECT id FROM template_version WHERE name = 'survey'")
    assert office.get(f"{READ}?version={other}").status_code == 404


def test_only_a_clinician_who_did_not_write_it_is_asked_for_a_yes(office):
    assert "Approve these words" not in office.page(READ)
    office.sign_in("clinician", "Dr. Ada Brook")
    assert "Approve these words" in office.page(READ)
    assert "Change the words" not in office.page(READ)
