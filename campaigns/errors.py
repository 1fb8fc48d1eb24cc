"""Words for what went wrong.

Each kind of exception has a default message, written for the person who asked. What a
registrant may come to read is marked: a sentence of the catalogue with gaps `%(name)s`, so
that a page can say it in another language (`language.py`); as text it is English. Whatever
is expected of a provider is an outcome (`domain/messages.py`), never an exception.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Self


def mark(message: str) -> str:
    """Note a sentence for the catalogue of what registrants read; it is said later, by `language.gettext`."""
    return message


class Word(str):
    """A value in a message that is itself a phrase of the catalogue, such as the name of a field."""

    __slots__ = ()


class Either(str):
    """A value in a message that names several things of which any will do: `Canada or Mexico`; each may be a `Word`."""

    __slots__ = ("words",)
    words: tuple[str, ...]

    def __new__(cls, words: Iterable[str]) -> Self:
        """Keep the words apart as well, because another language joins them in its own way."""
        parts = tuple(words)
        made = super().__new__(cls, " or ".join(parts))
        made.words = parts
        return made


class CampaignsError(Exception):
    """Something went wrong that can be said to whoever asked."""

    default: ClassVar[str] = "Something went wrong."

    def __init__(self, message: str = "", **values: object) -> None:
        """Take the message for the person, and what fills its gaps; without one the default of the class speaks."""
        self.message = message or self.default
        self.values = values
        super().__init__(self.message % values if values else self.message)


class Rejected(CampaignsError):
    """What was asked for cannot be done."""

    default = mark("This cannot be done as asked.")

    field: str = ""
    """The form field at fault, or empty."""

    def __init__(self, message: str = "", *, field: str = "", **values: object) -> None:
        """Name the field at fault where there is one, so that a form can point at it."""
        super().__init__(message, **values)
        self.field = field


class RegistrationClosed(Rejected):
    """A session takes no registrations any more."""

    default = mark("Registration for this session has closed. Choose another date.")


class SessionFull(Rejected):
    """A session has no place left."""

    default = mark("This session is full. Choose another date.")


class AddressInvalid(Rejected):
    """An email address or a number cannot be used."""

    default = mark("This address cannot be used.")


class LinkExpired(Rejected):
    """A signed link opens nothing."""

    default = mark("This link is not valid. Open the newest email from us and use the link in it.")


class PageErased(LinkExpired):
    """A link leads to the page of somebody who has erased themselves."""

    default = mark("This page has been erased, and with it what we knew of the person it belonged to.")


class NotFound(Rejected):
    """There is nothing where somebody looked."""

    default = mark("There is nothing at this address.")


class NotAllowed(Rejected):
    """An account, or a page of another site, may not do this."""

    default = mark("Your account may not do this.")


class TemplateInvalid(Rejected):
    """A template cannot be used."""

    default = "This template cannot be used."


class Forged(CampaignsError):
    """A call does not prove where it comes from."""

    default = "This call does not prove where it comes from."


class Malformed(CampaignsError):
    """A call cannot be read."""

    default = "This call cannot be read."


class Conflict(CampaignsError):
    """Somebody else has changed it meanwhile."""

    default = mark("Someone else changed this in the meantime. Reload the page and try again.")


class ProviderUnusable(CampaignsError):
    """A provider refuses our account."""

    default = "The provider refuses our account: check its credentials and settings."


class ConfigurationError(Exception):
    """A setting is missing or wrong.

    Not a `CampaignsError`, so that no broad `except` swallows it; raised at start-up only.
    """
