"""A message.toml is read completely or refused with the key at fault."""

from __future__ import annotations

from dataclasses import replace

import pytest

from campaigns.domain.steps import Channel, Purpose
from campaigns.errors import TemplateInvalid
from campaigns.rendering.environment import Source
from campaigns.rendering.front_matter import Allowed, read_front_matter

EMAIL = """
purpose = "education"
channel = "email"
subject = "Hello"
preheader = "There"
calendar = "cancel"
claims = ["one"]
sources = ["page"]
grade = 7.5
status = "unapproved"
read = 1
reads = 4
"""
TEXT = 'purpose = "service"\nchannel = "sms"\nstatus = "approved"\n'


def test_an_email_says_all_there_is_to_say():
    front = read_front_matter("m", EMAIL)
    assert (front.purpose, front.channel, front.status) == (Purpose.EDUCATION, Channel.EMAIL, "unapproved")
    assert (front.subject, front.preheader, front.calendar) == ("Hello", "There", "CANCEL")
    assert (front.claims, front.read, front.reads) == (("one",), 1, 4)
    assert (front.sources, front.grade) == (("page",), 7.5)


def test_a_version_from_before_sources_and_grades_is_read_all_the_same():
    front = read_front_matter("m", EMAIL.replace('sources = ["page"]\n', "").replace("grade = 7.5\n", ""))
    assert (front.claims, front.sources, front.grade) == (("one",), (), 6.9)
    assert read_front_matter("m", EMAIL.replace("grade = 7.5", "grade = 8")).grade == 8


def test_a_text_needs_less():
    front = read_front_matter("m", TEXT)
    assert (front.channel, front.subject, front.calendar, front.claims) == (Channel.SMS, "", None, ())


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('purpose = "education"', 'purpose = "fun"', "purpose must be one of: service, education, marketing"),
        ('channel = "email"', "", "channel must be one of: email, sms"),
        ('subject = "Hello"', 'subject = " "', "subject must say something"),
        ('preheader = "There"', "preheader = 5", "preheader must say something"),
        ('calendar = "cancel"', 'calendar = "yes"', "calendar must be one of: none, request, cancel"),
        ('claims = ["one"]', 'claims = "one"', "claims must be a list of ids"),
        ('claims = ["one"]', "claims = [1]", "claims must be a list of ids"),
        ('sources = ["page"]', 'sources = "page"', "sources must be a list of ids"),
        ("grade = 7.5", "grade = 8.1", "grade must be a reading grade above 0, and 8 at most"),
        ("grade = 7.5", "grade = 0", "grade must be a reading grade"),
        ("grade = 7.5", "grade = true", "grade must be a reading grade"),
        ("grade = 7.5", 'grade = "easy"', "grade must be a reading grade"),
        ('status = "unapproved"', 'status = "fine"', "status must be one of: unapproved, approved"),
        ("read = 1", "read = true", "read must be a whole number"),
        ("reads = 4", "reads = -4", "reads must be a whole number"),
        ("read = 1", "colour = 1", "colour is not a key of a message"),
        ('channel = "email"', 'channel = "sms"', "calendar belongs to emails only"),
        ("read = 1", "read = ", r"m/message\.toml: Invalid value"),
    ],
)
def test_a_fault_is_named(old, new, fault):
    with pytest.raises(TemplateInvalid, match=fault):
        read_front_matter("m", EMAIL.replace(old, new))


def test_what_the_lint_is_to_let_pass_is_read_and_changes_the_hash_but_not_the_rest():
    plain = 'purpose = "service"\nchannel = "sms"\nstatus = "unapproved"\n'
    allowing = f'{plain}[[allow]]\nkind = "shouting"\nwhy = " The word is a carrier’s own. "\n'
    front = read_front_matter("m", allowing)
    assert front.allow == (Allowed("shouting", "The word is a carrier’s own."),)
    assert replace(front, allow=()) == read_front_matter("m", plain)
    assert Source("m", {"message.toml": plain}).content_hash != Source("m", {"message.toml": allowing}).content_hash


@pytest.mark.parametrize("allow", ["allow = 3", 'allow = ["shouting"]', '[[allow]]\nkind = "shouting"\nuntil = 3'])
def test_an_allowance_that_is_none_is_refused(allow):
    with pytest.raises(TemplateInvalid, match=r"m/message.toml: allow must be \[\[allow\]\] tables"):
        read_front_matter("m", f'purpose = "service"\nchannel = "sms"\nstatus = "unapproved"\n{allow}')
