"""Email and SMS campaigns around health webinars."""

__version__ = "0.1.0"
