"""The office of `tests/offices.py`, for every test of the staff pages."""

from tests.offices import furnished, office

__all__ = ["furnished", "office"]
