"""What counts as a question, and as an answer."""

import pytest

from campaigns.domain.questions import LONGEST, clean_answer, clean_question
from campaigns.errors import Rejected


def test_a_question_keeps_its_words_and_loses_what_nobody_sees():
    assert clean_question("  Can I\u202e run\x00 hills?\r\n\r\n\r\n\r\nI  like\thills. ") == (
        "Can I run hills?\n\nI like hills."
    )


@pytest.mark.parametrize("said", ["", "  ", "a", "\x00\u200b\u200b\u200b", "\n\n"])
def test_what_is_no_question_is_refused_with_the_remedy(said):
    with pytest.raises(Rejected, match="Write your question first") as refusal:
        clean_question(said)
    assert refusal.value.field == "question"


def test_a_question_may_be_so_long_and_no_longer():
    assert clean_question("x" * LONGEST) == "x" * LONGEST
    with pytest.raises(Rejected, match=r"This is 1,001 characters long. Cut it to 1,000"):
        clean_question("x" * (LONGEST + 1))


def test_an_answer_has_one_line_of_title_and_paragraphs():
    assert clean_answer(" Hills\nand  pain ", "First.\r\n\r\n\r\nSecond. ") == ("Hills and pain", "First.\n\nSecond.")


@pytest.mark.parametrize(
    ("title", "body", "field"),
    [("", "x", "title"), ("x" * 201, "x", "title"), ("x", " ", "body"), ("x", "y" * 6001, "body")],
)
def test_an_answer_that_lacks_something_names_it(title, body, field):
    with pytest.raises(Rejected) as refusal:
        clean_answer(title, body)
    assert refusal.value.field == field
