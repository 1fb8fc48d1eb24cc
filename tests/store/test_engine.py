"""The engine, transactions, and the advisory lock."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text

from campaigns.errors import ConfigurationError
from campaigns.store.engine import Engine, connection_words, hold, let_go, make_engine, reachable, transaction


def test_a_transaction_commits_at_its_end_and_rolls_back_when_it_raises(own_engine: Engine) -> None:
    with transaction(own_engine) as db:
        db.execute(text("CREATE TABLE one (n int)"))
        db.execute(text("INSERT INTO one VALUES (1)"))
    with pytest.raises(RuntimeError), transaction(own_engine) as db:  # noqa: PT012  # the block is the point
        db.execute(text("INSERT INTO one VALUES (2)"))
        raise RuntimeError
    with transaction(own_engine) as db:
        assert db.execute(text("SELECT n FROM one")).scalars().all() == [1]


def test_sessions_speak_utc(engine: Engine) -> None:
    with transaction(engine) as db:
        assert db.execute(text("SHOW timezone")).scalar_one() == "UTC"


def test_a_connection_outside_the_pool_speaks_utc_too(engine: Engine) -> None:
    with psycopg.connect(connection_words(engine)) as db:
        assert db.execute("SHOW timezone").fetchone() == ("UTC",)
        assert db.execute("SELECT current_database()").fetchone() == (engine.url.database,)


def test_a_batch_is_held_by_one_connection_and_large_numbers_have_locks_too(engine: Engine) -> None:
    for batch in (7, 2**40 + 7):
        with engine.connect() as one, engine.connect() as other:
            assert hold(one, batch)
            assert not hold(other, batch)
            let_go(one, batch)
            assert hold(other, batch)
            let_go(other, batch)


def test_a_database_that_answers_is_reachable(engine: Engine) -> None:
    assert reachable(engine)


@pytest.mark.parametrize("url", ["mysql://x/y", "", "sqlite://"])
def test_only_postgresql_is_a_database(url: str) -> None:
    with pytest.raises(ConfigurationError, match="DATABASE_URL"):
        make_engine(url)


def test_the_older_name_of_the_scheme_will_do_and_a_silent_server_is_told() -> None:
    engine = make_engine("postgres://nobody@127.0.0.1:1/none")
    assert reachable(engine) is False
    engine.dispose()
