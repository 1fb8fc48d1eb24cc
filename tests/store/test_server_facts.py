"""What the database server says about itself."""

from datetime import UTC, datetime, timedelta

from campaigns.store.server_facts import server_facts


def test_the_server_says_its_version_its_limits_and_its_time(db):
    facts = server_facts(db)
    assert facts.version >= 14
    assert 1 <= facts.connections <= facts.connection_limit
    assert abs(facts.now - datetime.now(UTC)) < timedelta(minutes=1)
    assert facts.now.utcoffset() == timedelta(0)
