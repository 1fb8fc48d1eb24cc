"""Words for what went wrong."""

from __future__ import annotations

from campaigns.errors import CampaignsError, ConfigurationError, Conflict, NotFound, Rejected, SessionFull


def test_an_error_without_a_message_says_what_its_class_says() -> None:
    assert str(SessionFull()) == "This session is full. Choose another date."
    assert str(Conflict()) == "Someone else changed this in the meantime. Reload the page and try again."


def test_an_error_with_a_message_says_that_and_may_name_a_field() -> None:
    error = NotFound("There is no such session.", field="session")
    assert (str(error), error.field) == ("There is no such session.", "session")
    assert Rejected().field == ""


def test_an_error_of_a_class_without_words_is_empty() -> None:
    class Silent(CampaignsError):
        pass

    Silent.__doc__ = None
    assert str(Silent()) == ""


def test_a_wrong_setting_is_caught_by_no_broad_except() -> None:
    assert not issubclass(ConfigurationError, CampaignsError)
