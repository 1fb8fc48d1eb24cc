"""The mailbox is read into the ledger: each mail once, and none is moved away before it is stored."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from sqlalchemy import text

from campaigns.errors import ConfigurationError
from campaigns.mailroom import fetch_mail, mailbox_of
from campaigns.runtime import build
from campaigns.settings import read_settings
from campaigns.store.engine import transaction
from tests.servers.imap_server import PASSWORD, USER, ImapServer

REPLY = (
    b"From: Sam <sam@example.com>\r\nTo: class@clinic.example\r\nSubject: Re: class\r\nMessage-ID: <1@example.com>\r\n"
    b"Content-Type: text/plain\r\n\r\nWhich shoes for hills?\r\n"
)


def rows(runtime, table: str) -> int:
    with transaction(runtime.engine) as db:
        return db.execute(text(f"SELECT count(*) FROM {table}")).scalar_one()


def test_what_lies_there_is_taken_in_once(runtime):
    with ImapServer([REPLY, REPLY.replace(b"<1@", b"<2@")]) as server:
        box = mailbox_of(settings(runtime, f"imap://{quote(USER)}:{quote(PASSWORD)}@127.0.0.1:{server.port}/INBOX"))
        assert box is not None
        assert [fetch_mail(runtime, box) for _ in range(2)] == [2, 0]
        box.close()
    assert rows(runtime, "inbound") == 2


@pytest.mark.parametrize("address", ["https://x@y/z", "imaps://host.example", "imaps://", "class@clinic.example"])
def test_an_address_that_is_none_is_told(runtime, address):
    with pytest.raises(ConfigurationError, match="CAMPAIGNS_MAILBOX_URL"):
        mailbox_of(settings(runtime, address))


def test_without_an_address_there_is_no_mailbox(runtime):
    assert mailbox_of(runtime.settings) is None


def settings(runtime, address: str):
    return runtime.settings.model_copy(update={"mailbox_url": type(runtime.settings.secret)(address)})


@pytest.fixture
def runtime(own_database_url, tmp_path):
    asked = read_settings(
        database_url=own_database_url, secret="a secret of thirty-two characters and more", data_dir=tmp_path
    )
    with build(asked) as made:
        yield made
