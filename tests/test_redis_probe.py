"""Asking a Redis how many doorbells wait, over every kind of address."""

import socket
import ssl
import threading

import pytest

from campaigns.redis_probe import RedisUnreachable, forget, waiting_doorbells
from tests.servers.tls import server_context, trusting_context


def test_waiting_doorbells_are_counted_over_a_socket(redis_url):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(redis_url.removeprefix("redis+socket://").partition("?")[0])
        line.sendall(b"SELECT 3\r\nRPUSH a 1 2\r\nRPUSH b 1\r\n")
        line.recv(100)
        assert waiting_doorbells(redis_url.replace("host=0", "host=3"), ["a", "b", "none"]) == 3
    assert waiting_doorbells(redis_url, ["a"]) == 0


def test_only_keys_with_the_prefix_are_forgotten(redis_url):
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(redis_url.removeprefix("redis+socket://").partition("?")[0])
        line.sendall(b"SELECT 4\r\nRPUSH play:a 1\r\nRPUSH play:b 1\r\nRPUSH a 1\r\n")
        line.recv(100)
        elsewhere = redis_url.replace("host=0", "host=4")
        assert waiting_doorbells(elsewhere, ["play:a", "play:b", "a"]) == 3
        forget(elsewhere, "play:")
        assert waiting_doorbells(elsewhere, ["play:a", "play:b", "a"]) == 1


def test_forgetting_says_why_it_cannot():
    with pytest.raises(RedisUnreachable, match="refused"):
        forget("redis://127.0.0.1:1", "play:")


def test_name_and_password_come_first(scripted):
    port, heard = scripted(b"+OK\r\n", b"+OK\r\n", b":7\r\n")
    assert waiting_doorbells(f"redis://me:p%40ss@127.0.0.1:{port}/2", ["email.urgent"]) == 7
    assert heard[0] == b"*3\r\n$4\r\nAUTH\r\n$2\r\nme\r\n$4\r\np@ss\r\n"
    assert heard[1] == b"*2\r\n$6\r\nSELECT\r\n$1\r\n2\r\n"


def test_a_password_without_a_name_will_do(scripted):
    port, heard = scripted(b"+OK\r\n", b"+OK\r\n", b":0\r\n")
    assert waiting_doorbells(f"redis://:word@127.0.0.1:{port}", ["q"]) == 0
    assert heard[0] == b"*2\r\n$4\r\nAUTH\r\n$4\r\nword\r\n"
    assert heard[1] == b"*2\r\n$6\r\nSELECT\r\n$1\r\n0\r\n"


def test_an_encrypted_line_is_spoken_too(scripted, monkeypatch):
    trusting = trusting_context()
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    port, _ = scripted(b"+OK\r\n", b":1\r\n", tls=server_context())
    assert waiting_doorbells(f"rediss://127.0.0.1:{port}", ["q"]) == 1


def test_a_refusal_is_given_in_the_servers_words(scripted):
    port, _ = scripted(b"-NOAUTH Authentication required.\r\n")
    with pytest.raises(RedisUnreachable, match="NOAUTH Authentication required"):
        waiting_doorbells(f"redis://127.0.0.1:{port}", ["q"])


def test_a_server_that_hangs_up_is_unreachable(scripted):
    port, _ = scripted(b"")
    with pytest.raises(RedisUnreachable, match="hung up"):
        waiting_doorbells(f"redis://127.0.0.1:{port}", ["q"])


def test_nobody_there_is_unreachable():
    with pytest.raises(RedisUnreachable, match="refused"):
        waiting_doorbells("redis://127.0.0.1:1", ["q"])


@pytest.fixture
def scripted():
    """A server that gives one answer after another, then hangs up."""
    threads, doors = [], []

    def serve(door, answers, heard, tls):
        line, _ = door.accept()
        with tls.wrap_socket(line, server_side=True) if tls else line as talk:
            for answer in answers:
                heard.append(talk.recv(4096))
                talk.sendall(answer)

    def start(*answers, tls=None):
        door = socket.create_server(("127.0.0.1", 0))
        door.settimeout(20)
        heard = []
        thread = threading.Thread(target=serve, args=(door, answers, heard, tls))
        thread.start()
        threads.append(thread)
        doors.append(door)
        return door.getsockname()[1], heard

    yield start
    for thread in threads:
        thread.join()
    for door in doors:
        door.close()
