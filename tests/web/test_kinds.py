"""The kinds of message a registrant chooses between."""

from campaigns.web.kinds import CLASS_EMAILS, KINDS, NEWS, READS, TEXTS, in_words, key, read_kinds


def test_kinds_are_written_and_read_back():
    assert read_kinds(key(kind) for kind in KINDS) == KINDS


def test_what_is_no_kind_is_passed_over_and_each_counts_once():
    assert read_kinds(["email-education", "", "sms-marketing", "email-education"]) == (READS,)


def test_kinds_are_listed_as_a_sentence_does():
    assert in_words([READS]) == "the short reads"
    assert (
        in_words([CLASS_EMAILS, TEXTS, NEWS]) == "the emails about your class, the text reminders, and news and offers"
    )
