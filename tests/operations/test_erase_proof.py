"""The database lets a consent be blinded, once, of somebody erased; every other change is refused as before."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import DBAPIError

from campaigns.store.engine import Engine
from tests.factories import LESSONS, World


@pytest.mark.parametrize(
    "change",
    [
        "granted = NOT granted",
        "at = now()",
        "address = 'erased:' || repeat('a', 64)",
        f"address = 'erased:' || repeat('a', 64), evidence = '{{\"hash\": \"{'b' * 64}\"}}', means = 'staff'",
        f'address = \'erased:\' || repeat(\'a\', 64), evidence = \'{{"hash": "{"b" * 64}", "page": "/else"}}\'',
        f'address = \'erased:\' || repeat(\'a\', 64), evidence = \'{{"hash": "{"b" * 64}", "ip": "1"}}\'',
        f"address = 'sam@else.example', evidence = '{{\"hash\": \"{'b' * 64}\"}}'",
    ],
)
@pytest.mark.parametrize("who", ["erased", "there"])
def test_a_consent_cannot_be_changed_in_any_other_way(world: World, change: str, who: str) -> None:
    mine = world.registration(world.session(), LESSONS, evidence={"page": "/w", "ip": "1"})
    if who == "erased":
        world.sql("UPDATE registrant SET erased_at = now() WHERE id = :id", id=world.place(mine).registrant_id)
    with pytest.raises(DBAPIError, match="append-only"):
        world.sql(f"UPDATE consent SET {change}")


@pytest.mark.parametrize("who", ["erased", "there"])
def test_a_consent_is_blinded_once_and_only_of_somebody_erased(world: World, who: str) -> None:
    mine = world.registration(world.session(), LESSONS, evidence={"page": "/w", "ip": "1"})
    change = f"""UPDATE consent SET address = 'erased:' || repeat('a', 64), evidence = '{{"hash": "{"b" * 64}"}}'"""
    if who == "erased":
        world.sql("UPDATE registrant SET erased_at = now() WHERE id = :id", id=world.place(mine).registrant_id)
        world.sql(change)
    with pytest.raises(DBAPIError, match="append-only"):
        world.sql(change)
    with pytest.raises(DBAPIError, match="append-only"):
        world.sql("DELETE FROM consent")


@pytest.fixture
def world(engine: Engine) -> World:
    return World(engine)
