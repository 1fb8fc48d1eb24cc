"""Where the embedded servers live, and as whom.

A server started by root must give root up, and then cannot enter root's closed
directories; this room finds it a place and an identity. It never changes the mode of
a directory that it did not make.
"""

from __future__ import annotations

import hashlib
import os
import pwd
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from campaigns.errors import ConfigurationError

_SERVANTS: Final = ("postgres", "nobody")
_HEADERS: Final = shutil.ignore_patterns("include", "__pycache__")
_ELSEWHERE: Final = Path("/var/lib/webinar-campaigns")
"""Where root's servers keep their files when `data_dir` lies in a directory closed to others."""


class Identity(TypedDict, total=False):
    """Arguments of Popen that give root up; empty for an ordinary user."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True)
class Household:
    """A place for servers: `room` is theirs, `private` is ours."""

    room: Path
    """Files of the servers; the identity below owns it and can reach it."""
    private: Path
    """Passwords; mode 0700, ours alone."""
    identity: Identity

    @property
    def environment(self) -> dict[str, str]:
        """Give the servers a plain environment: no secret of ours, no surprise of theirs."""
        return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}

    def fresh(self, folder: Path) -> Path:
        """Give an empty directory that the servers own, whatever was there before."""
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(mode=0o700)
        self._give(folder)
        return folder

    def hand_over(self, path: Path, words: str) -> Path:
        """Write a file that only the servers can read."""
        write_private(path, words)
        self._give(path)
        return path

    def reachable(self, program: Path, *needs: Path) -> Path:
        """Give `program`, or a copy of it if the servers' identity may not run it where it is.

        `needs` are the directories that must come along, all below one that they keep
        their places in: libraries are found from the program's own place.
        """
        if not self.identity or _may(self.identity, "-x", program):
            return program
        top = Path(os.path.commonpath(needs)) if len(needs) > 1 else needs[0].parent
        kind = f"programs-{program.name}-"
        copy = self.room / (kind + _digest(str(program), program.stat().st_mtime_ns))
        if not copy.exists():
            for older in self.room.glob(f"{kind}*"):
                shutil.rmtree(older, ignore_errors=True)
            partial = self.fresh(copy.with_name(copy.name + ".new"))
            for tree in needs:
                shutil.copytree(tree, partial / tree.relative_to(top), symlinks=True, ignore=_HEADERS)
            partial.chmod(0o755)
            partial.rename(copy)
        return copy / program.relative_to(top)

    def _give(self, path: Path) -> None:
        if self.identity:
            os.chown(path, self.identity["user"], self.identity["group"])


def settle_in(data_dir: Path) -> Household:
    """Make the directories below `data_dir`, or reach them if they are there.

    As root the servers become `postgres` or `nobody`; where that user cannot enter
    `data_dir`, their files go below /var/lib instead.
    """
    data_dir = data_dir.absolute()
    data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
    private = data_dir / "private"
    private.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() != 0:
        room = data_dir / "servers"
        room.mkdir(mode=0o700, exist_ok=True)
        return Household(room, private, {})
    identity = _servant()
    room = data_dir / "servers"
    if not _may(identity, "-x", data_dir):
        _ELSEWHERE.mkdir(mode=0o711, parents=True, exist_ok=True)
        room = _ELSEWHERE / _digest(str(data_dir))
    room.mkdir(mode=0o700, exist_ok=True)
    os.chown(room, identity["user"], identity["group"])
    return Household(room, private, identity)


def spawn(
    command: list[str],
    *,
    log: Path,
    house: Household | None = None,
    dies_with_us: signal.Signals,
    environment: dict[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start a child with a session of its own, so that Ctrl-C reaches it through us only.

    On Linux the kernel sends it `dies_with_us` should we be killed outright. With a
    `house` it takes that identity and a plain environment. Output is appended to `log`.
    """
    leash = shutil.which("setpriv")
    identity: Identity = house.identity if house else {}
    if leash:
        as_whom = [f"--reuid={identity['user']}", f"--regid={identity['group']}", "--clear-groups"] if identity else []
        command = [leash, *as_whom, f"--pdeathsig={dies_with_us.name.removeprefix('SIG')}", *command]
        identity = {}
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd="/" if house else None,
            env=house.environment if house else environment,
            start_new_session=True,
            **identity,
        )


def end(process: subprocess.Popen[bytes], how: signal.Signals, *, patience: float) -> None:
    """Ask a child to end, and kill it if it has not after `patience` seconds."""
    process.send_signal(how)  # does nothing to one that has ended
    try:
        process.wait(patience)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def write_private(path: Path, words: str) -> None:
    """Write a file that nobody but its owner can read, not even for a moment."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(words)


def _servant() -> Identity:
    for name in _SERVANTS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}
    raise ConfigurationError(
        "PostgreSQL does not run as root, and there is no user `nobody` here: start as another user."
    )


def _may(identity: Identity, question: str, path: Path) -> bool:
    """Ask the kernel, as that user: modes, access lists and mounts all count."""
    asked = subprocess.run(["/bin/sh", "-c", f'[ {question} "$1" ]', "sh", str(path)], cwd="/", check=False, **identity)
    return asked.returncode == 0


def _digest(*facts: object) -> str:
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:12]
