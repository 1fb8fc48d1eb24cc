"""A mailbox hands out what is unseen, puts away what is kept, and fails in one way only."""

from __future__ import annotations

import contextlib
import socket
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.errors import ProviderUnusable
from campaigns.providers.mail.mailbox import Mailbox, MailboxUnusable, Taken
from tests.servers.imap_server import PASSWORD, USER, Behaviour, ImapServer, Rule
from tests.servers.tls import server_context, trusting_context

MAILS = [b"Subject: one\r\n\r\nFirst.\r\n", b"Subject: two\r\n\r\nSecond.\r\n", b"Subject: three\r\n\r\nThird.\r\n"]
VERBS = ("LOGIN", "CAPABILITY", "SELECT", "SEARCH", "FETCH", "STORE", "MOVE")


def test_what_is_unseen_is_handed_out_whole_and_the_oldest_first():
    with ImapServer(MAILS) as server, mailbox(server) as box:
        assert list(box.take(10)) == [
            Taken(uid, raw, len(raw)) for uid, raw in zip((101, 102, 103), MAILS, strict=True)
        ]


def test_taking_alone_changes_nothing():
    with ImapServer(MAILS) as server:
        for _ in range(2):
            with mailbox(server) as box:
                assert [one.raw for one in box.take(10)] == MAILS
        assert [letter.flags for letter in server.folders["INBOX"].values()] == [set(), set(), set()]


def test_what_somebody_has_seen_or_deleted_is_left_alone():
    with ImapServer(MAILS) as server, mailbox(server) as box:
        server.folders["INBOX"][101].flags.add("\\Seen")
        server.folders["INBOX"][102].flags.add("\\Deleted")
        assert [one.raw for one in box.take(10)] == MAILS[2:]


def test_no_more_are_handed_out_than_were_asked_for_and_none_is_fetched_in_vain():
    with ImapServer(MAILS) as server, mailbox(server) as box:
        assert [one.uid for one in box.take(2)] == [101, 102]
        assert server.verbs().count("UID FETCH") == 2
        assert list(box.take(0)) == []


@pytest.mark.parametrize("offered", [{}, {"move": False}, {"move": False, "uidplus": False}], ids=str)
def test_what_is_done_lies_seen_in_its_folder_and_is_not_handed_out_again(offered):
    with ImapServer(MAILS, Behaviour(**offered)) as server, mailbox(server) as box:
        for one in box.take(2):
            box.done(one.uid)
        assert [one.raw for one in box.take(10)] == MAILS[2:]
        assert server.raws("Processed") == MAILS[:2]
        assert [sorted(one.flags) for one in server.folders["Processed"].values()] == [["\\Seen"], ["\\Seen"]]


def test_without_uid_expunge_nobody_else_s_deleted_mail_is_cleared_away():
    with ImapServer(MAILS, Behaviour(move=False, uidplus=False)) as server, mailbox(server) as box:
        server.folders["INBOX"][103].flags.add("\\Deleted")
        box.done(next(box.take(1)).uid)
        assert server.raws() == MAILS
        assert server.folders["INBOX"][101].flags == {"\\Seen", "\\Deleted"}
    with ImapServer(MAILS, Behaviour(move=False)) as server, mailbox(server) as box:
        server.folders["INBOX"][103].flags.add("\\Deleted")
        box.done(next(box.take(1)).uid)
        assert server.raws() == MAILS[1:]


def test_a_mail_is_marked_and_moved_only_once_it_is_done():
    with ImapServer(MAILS[:1]) as server, mailbox(server) as box:
        taken = next(box.take(1))
        assert not {"UID STORE", "UID MOVE"} & set(server.verbs())
        box.done(taken.uid)
        assert server.verbs()[-4:] == ["UID STORE", "UID MOVE", "CREATE", "UID MOVE"]


def test_the_folder_for_what_is_done_is_used_if_it_is_there():
    with ImapServer(MAILS) as server, mailbox(server) as box:
        server.folders["Processed"] = {}
        box.done(next(box.take(1)).uid)
        assert "CREATE" not in server.verbs()


def test_a_mail_that_somebody_else_moved_meanwhile_is_no_fault():
    with ImapServer(MAILS) as server, mailbox(server) as box:
        taking = box.take(3)
        first = next(taking)
        del server.folders["INBOX"][101], server.folders["INBOX"][102]
        box.done(first.uid)
        assert [one.uid for one in taking] == [103]


def test_after_a_crash_between_storing_and_putting_away_the_mail_is_read_again():
    with ImapServer(MAILS[:1]) as server:
        box = mailbox(server)
        first = next(box.take(1))
        box.close()  # the process is gone, `done` was never called
        with mailbox(server) as again:
            assert list(again.take(1)) == [first]


@pytest.mark.parametrize(
    ("rule", "where", "flags"),
    [
        (Rule(at="STORE", close=True, times=1), "INBOX", set()),
        (Rule(at="MOVE", close=True, times=1), "INBOX", {"\\Seen"}),
        (Rule(at="MOVE", close=True, times=1, done=True), "Processed", {"\\Seen"}),
    ],
    ids=["before the mark", "before the move", "after the move"],
)
def test_a_line_that_drops_while_putting_away_loses_nothing(rule, where, flags):
    with ImapServer(MAILS[:1]) as server, mailbox(server) as box:
        server.folders["Processed"] = {}
        server.script(rule)
        taken = next(box.take(1))
        with pytest.raises(MailboxUnusable):
            box.done(taken.uid)
        assert [(one.raw, one.flags) for one in server.folders[where].values()] == [(MAILS[0], flags)]


def test_what_was_taken_on_a_lost_line_cannot_be_put_away_on_another():
    with ImapServer(MAILS) as server, mailbox(server) as box:
        taken = next(box.take(1))
        box.close()
        with pytest.raises(MailboxUnusable, match="has ended"):
            box.done(taken.uid)


@pytest.mark.parametrize("wording", ["usual", "behind"])
def test_a_large_mail_comes_cut_with_its_true_size(wording):
    raw = b"Subject: large\r\n\r\n" + b"x" * 5_000
    with ImapServer([raw], Behaviour(fetch=wording)) as server, mailbox(server, largest=1_000) as box:
        assert list(box.take(1)) == [Taken(101, raw[:1_000], len(raw))]


@pytest.mark.parametrize("wording", ["usual", "behind", "chatty", "short"])
def test_the_mail_is_found_however_the_server_words_its_answer(wording):
    with ImapServer(MAILS, Behaviour(fetch=wording)) as server, mailbox(server) as box:
        assert [(one.uid, one.raw) for one in box.take(3)] == list(zip((101, 102, 103), MAILS, strict=True))


def test_a_mail_in_quotes_and_no_mail_at_all_are_read_too():
    with ImapServer([rb'Subject: "a\b"'], Behaviour(fetch="quoted")) as server, mailbox(server) as box:
        assert [one.raw for one in box.take(1)] == [rb'Subject: "a\b"']
        server.behaviour.fetch = "nil"
        assert [one.raw for one in box.take(1)] == [b""]


def test_a_mail_that_the_server_cannot_hand_out_keeps_no_other_waiting():
    with ImapServer(MAILS) as server, mailbox(server) as box:
        server.script(Rule(at="FETCH", reply="{tag} NO [SERVERBUG] this one is broken", times=1))
        assert [one.raw for one in box.take(2)] == MAILS[1:]


def test_new_mail_is_seen_on_a_line_that_was_kept_open():
    with ImapServer(MAILS[:1]) as server, mailbox(server) as box:
        for one in box.take(10):
            box.done(one.uid)
        server.add(MAILS[1])
        assert [one.raw for one in box.take(10)] == MAILS[1:2]
        assert server.verbs().count("LOGIN") == 1


def test_a_kept_line_that_has_died_is_renewed_without_a_word():
    with ImapServer(MAILS) as server, mailbox(server) as box:
        server.script(Rule(at="NOOP", reply="* BYE you were silent for too long", close=True, times=1))
        assert len(list(box.take(3))) == len(list(box.take(3))) == 3
        assert server.verbs().count("LOGIN") == 2


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_the_conversation_is_encrypted_as_set(security):
    offered = Behaviour(tls=server_context(), starttls=security == "starttls")
    with (
        ImapServer(MAILS, offered) as server,
        mailbox(server, security=security, context=trusting_context()) as box,
    ):
        assert [one.raw for one in box.take(3)] == MAILS
        assert server.encrypted == 1


def test_a_server_without_the_encryption_that_is_set_learns_no_password():
    with ImapServer(MAILS) as server, mailbox(server, security="starttls", context=trusting_context()) as box:
        with pytest.raises(MailboxUnusable):
            next(box.take(1))
        assert "LOGIN" not in server.verbs()


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_vouches_for_is_not_believed(security):
    offered = Behaviour(tls=server_context(), starttls=security == "starttls")
    with ImapServer(MAILS, offered) as server, mailbox(server, security=security) as box:
        with pytest.raises(MailboxUnusable, match="the server's certificate is not trusted"):
            next(box.take(1))
        assert "LOGIN" not in server.verbs()


def test_encryption_with_a_server_that_has_none_is_told():
    with (
        ImapServer(MAILS) as server,
        mailbox(server, security="tls", context=trusting_context()) as box,
        pytest.raises(MailboxUnusable, match="no encrypted connection comes about"),
    ):
        next(box.take(1))


def test_a_wrong_password_is_told_without_repeating_it():
    with ImapServer(MAILS) as server, mailbox(server, password="wrong-secret") as box:
        with pytest.raises(ProviderUnusable) as told:
            next(box.take(1))
        assert str(told.value) == "mailbox: the server refuses the login (AUTHENTICATIONFAILED)"


@pytest.mark.parametrize("login", [("jané", "x"), ("jane", "pässword"), ("jane\r\nA1 LOGOUT", "x"), ("jane", "x\0")])
def test_a_login_that_imap_cannot_carry_is_not_sent(login):
    user, password = login
    with ImapServer(MAILS) as server, mailbox(server, user=user, password=password) as box:
        with pytest.raises(MailboxUnusable, match="an IMAP login cannot carry"):
            next(box.take(1))
        assert server.verbs() == ["CAPABILITY"]


def test_a_missing_folder_and_one_that_may_only_be_read_are_told_apart():
    with ImapServer(MAILS) as server, mailbox(server, folder="Other") as box:
        with pytest.raises(MailboxUnusable, match=r"the folder to read \(NONEXISTENT\)"):
            next(box.take(1))
        server.behaviour.read_only = True
        with mailbox(server) as other, pytest.raises(MailboxUnusable, match="can only be read"):
            next(other.take(1))


def test_folders_may_have_names_in_any_script():
    with ImapServer() as server:
        server.folders["Erhalten &- gepr&APw-ft"] = {}
        server.add(MAILS[0], "Erhalten &- gepr&APw-ft")
        with mailbox(server, folder="Erhalten & geprüft", done_folder='"日本語"\r\n\\') as box:
            box.done(next(box.take(1)).uid)
        assert server.raws('"&ZeVnLIqe-"&AA0ACg-\\') == MAILS[:1]


def test_a_server_that_is_not_there_is_told():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: nobody answers
        port = taken.getsockname()[1]
        for other in (port, 99_999, 10**30):
            box = Mailbox("127.0.0.1", other, USER, PASSWORD, security="none")
            with pytest.raises(MailboxUnusable):
                next(box.take(1))


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
@pytest.mark.parametrize("moment", ["GREETING", "SEARCH"])
def test_a_silent_server_is_waited_for_no_longer_than_set(security, moment):
    offered = Behaviour(tls=None if security == "none" else server_context(), starttls=security == "starttls")
    facts = {"security": security, "context": trusting_context(), "timeout": timedelta(milliseconds=100)}
    with ImapServer(MAILS, offered) as server, mailbox(server, **facts) as box:
        server.script(Rule(at=moment))
        with pytest.raises(MailboxUnusable, match="did not answer in time"):
            next(box.take(1))


@pytest.mark.parametrize("moment", VERBS)
@pytest.mark.parametrize(
    "fault",
    [
        {"close": True},
        {"cut": True},
        {"reply": "{tag} NO go away"},
        {"reply": "{tag} BAD what?"},
        {"reply": "HTTP/1.1 400 Bad Request", "close": True},
        {"reply": "* BYE not today", "close": True},
        {"reply": "{tag} PERHAPS ...", "close": True},
        {"reply": "* 1 FETCH (BODY[] {99999999999999}", "close": True},
        {"reply": "\xff\xfe\0" * 50, "close": True},
        {"reply": "* SEARCH one two three\r\n{tag} OK done", "close": True},
    ],
    ids=lambda fault: str(next(iter(fault.items())))[:30],
)
def test_whatever_the_server_does_the_fault_is_the_documented_one_and_nothing_is_lost(moment, fault):
    with ImapServer(MAILS) as server, mailbox(server) as box:
        server.script(Rule(at=moment, **fault))
        if (moment, fault.get("reply")) == ("FETCH", "{tag} NO go away"):
            assert list(box.take(3)) == []  # passed over: the server cannot hand out these
        else:
            with pytest.raises(MailboxUnusable, match=r"\Amailbox: (?!.*Subject)"):
                put_all_away(box)
        if moment not in ("STORE", "MOVE"):
            assert [letter.flags for letter in server.folders["INBOX"].values()] == [set(), set(), set()]
        assert sorted(server.raws() + server.raws("Processed")) == sorted(MAILS)


WORDS = [
    "\r\n",
    " ",
    "* ",
    "+ ",
    "{tag} ",
    "OK ",
    "NO ",
    "SEARCH ",
    "9" * 5_000,
    "102 ",
    "1 FETCH (",
    "UID 101 ",
    "UID 9 ",
]
WORDS += [
    "BODY[]<0> ",
    "{3}\r\n",
    "{99999999}\r\n",
    "NIL",
    '"',
    ")",
    "[READ-ONLY] ",
    "CAPABILITY ",
    "IMAP4rev1 ",
    "BYE ",
]


@given(
    st.lists(st.sampled_from(WORDS) | st.binary(max_size=20).map(lambda raw: raw.decode("latin-1")), max_size=25),
    st.sampled_from(["GREETING", *VERBS]),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_words_of_a_server_raise_anything_else(words, moment):
    with ImapServer(MAILS[:1]) as server, mailbox(server) as box:
        server.script(Rule(at=moment, reply="".join(words), close=True))
        with contextlib.suppress(MailboxUnusable):
            put_all_away(box)


def put_all_away(box):
    for one in box.take(10):
        box.done(one.uid)


def mailbox(server, user=USER, password=PASSWORD, **facts):
    facts = {"security": "none", "timeout": timedelta(seconds=20)} | facts
    return Mailbox("127.0.0.1", server.port, user, password, **facts)
