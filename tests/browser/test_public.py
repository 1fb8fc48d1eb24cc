"""Every public page in every state, in Chromium: no barrier that axe knows, nothing sticks out, usable without script."""

import pytest

pytestmark = pytest.mark.browser


def test_landing(house, reader, check):
    house.add_session(15.3)
    house.add_session(19.0, capacity=1)
    house.place(session_id=house.add_session(22.2, capacity=1), email="first@example.com")
    page = reader.page()
    page.goto(f"/w/{house.slug}")
    check(page)
