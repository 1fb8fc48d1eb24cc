"""Words for what went wrong.

The docstring of an exception is its default message, written for the person who
asked. Whatever is expected of a provider is an outcome (`domain/messages.py`),
never an exception.
"""


class CampaignsError(Exception):
    """Something went wrong."""

    def __init__(self, message: str = "") -> None:
        """Take the message for the person; without one the class's docstring speaks."""
        super().__init__(message or (self.__doc__ or "").strip())


class Rejected(CampaignsError):
    """This cannot be done as asked."""

    field: str = ""
    """The form field at fault, or empty."""

    def __init__(self, message: str = "", *, field: str = "") -> None:
        """Name the field at fault where there is one, so that a form can point at it."""
        super().__init__(message)
        self.field = field


class RegistrationClosed(Rejected):
    """Registration for this session has closed. Choose another date."""


class SessionFull(Rejected):
    """This session is full. Choose another date."""


class AddressInvalid(Rejected):
    """This address cannot be used."""


class LinkExpired(Rejected):
    """This link is not valid. Open the newest email from us and use the link in it."""


class PageErased(LinkExpired):
    """This page has been erased, and with it what we knew of the person it belonged to."""


class NotFound(Rejected):
    """There is nothing at this address."""


class NotAllowed(Rejected):
    """Your account may not do this."""


class TemplateInvalid(Rejected):
    """This template cannot be used."""


class Forged(CampaignsError):
    """This call does not prove where it comes from."""


class Malformed(CampaignsError):
    """This call cannot be read."""


class Conflict(CampaignsError):
    """Someone else changed this in the meantime. Reload the page and try again."""


class ProviderUnusable(CampaignsError):
    """The provider refuses our account: check its credentials and settings."""


class ConfigurationError(Exception):
    """A setting is missing or wrong.

    Not a `CampaignsError`, so that no broad `except` swallows it; raised at start-up only.
    """
