"""Words for what went wrong."""

from __future__ import annotations

from campaigns.errors import (
    CampaignsError,
    ConfigurationError,
    Conflict,
    Either,
    NotFound,
    Rejected,
    SessionFull,
    Word,
)


def test_an_error_without_a_message_says_its_class_has_by_default() -> None:
    assert str(SessionFull()) == "This session is full. Choose another date."
    assert str(Conflict()) == "Someone else changed this in the meantime. Reload the page and try again."


def test_an_error_with_a_message_says_that_and_may_name_a_field() -> None:
    error = NotFound("There is no such session.", field="session")
    assert (str(error), error.field) == ("There is no such session.", "session")
    assert Rejected().field == ""


def test_gaps_of_a_message_are_filled_and_kept_apart() -> None:
    error = Rejected("The %(label)s is over %(most)d characters.", field="name", label=Word("name"), most=40)
    assert str(error) == "The name is over 40 characters."
    assert (error.message, error.values["most"]) == ("The %(label)s is over %(most)d characters.", 40)


def test_several_things_of_which_any_will_do_are_one_value() -> None:
    error = Rejected("Write from %(places)s.", places=Either([Word("Canada"), "DE", "FR"]))
    assert str(error) == "Write from Canada or DE or FR."
    assert error.values["places"].words == ("Canada", "DE", "FR")  # type: ignore[attr-defined]  # it is an Either


def test_a_message_without_gaps_may_hold_a_percent_sign() -> None:
    assert str(Rejected("Keep it under 60 % of the page.")) == "Keep it under 60 % of the page."


def test_a_wrong_setting_is_caught_by_no_broad_except() -> None:
    assert not issubclass(ConfigurationError, CampaignsError)
