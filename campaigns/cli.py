"""The command line: what can be asked, in words for a stranger. Argument parsing only.

Every command ends with 0 when it did what was asked; with 1 and one line on standard
error when it could not; with 2 when the question was not understood.
"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final, TypeAlias

from campaigns import __version__, accounts, commands
from campaigns.content import Said, approve_messages
from campaigns.data_dir import settings_here
from campaigns.doctor import doctor
from campaigns.errors import CampaignsError, ConfigurationError
from campaigns.lint.report import check_content
from campaigns.operations.sign_in import ROLES
from campaigns.prepare import bring_up_to_date
from campaigns.registrants import Order, bring_in, take_back
from campaigns.rehearse.play import rehearse
from campaigns.runtime import template_folder
from campaigns.settings import read_settings
from campaigns.supervise import up

_Menu: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001  # it has no public name
_EPILOGUE: Final = (
    "Settings come from the environment: CAMPAIGNS_<NAME>, DATABASE_URL, REDIS_URL, TWILIO_…; see README.md."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the command line asks; gives the exit code."""
    asked = _parser().parse_args(arguments)
    try:
        code = asked.run(asked)
    except (ConfigurationError, CampaignsError) as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(_plain(error))
    except KeyboardInterrupt:
        return _complain("Interrupted.")
    return int(code or 0)


def _complain(line: str) -> int:
    print(line, file=sys.stderr)  # noqa: T201  # this is the terminal
    return 1


def _plain(error: OSError) -> str:
    if error.errno == errno.ENOSPC:
        return "The disk is full. Free some space, then try again."
    where = f": {error.filename}" if error.filename else ""
    return f"{error.strerror or error}{where}"


def _say(line: str) -> None:
    print(line, flush=True)  # noqa: T201  # this is the terminal


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="campaigns",
        description="Email and text campaigns around the webinars of a clinic.",
        epilog=_EPILOGUE,
    )
    parser.add_argument("--version", action="version", version=f"webinar-campaigns {__version__}")
    menu = parser.add_subparsers(title="commands", metavar="<command>", required=True)
    _add_running(menu)
    _add_rehearsal(menu)
    _add_processes(menu)
    _add_content(menu)
    _add_approval(menu)
    _add_registrants(menu)
    _add_staff(menu)
    return parser


def _add_running(menu: _Menu) -> None:
    command = _add(
        menu,
        "up",
        "start everything on this machine, and stop it with Ctrl-C",
        "Start everything on this machine: PostgreSQL and Redis unless DATABASE_URL and REDIS_URL name others, "
        "the web, the scheduler, and a worker each for email and texts. Without SMTP and Twilio settings nothing "
        "leaves the machine: messages are captured and can be read in the browser. Data stay in CAMPAIGNS_DATA_DIR "
        "(default: var). Ctrl-C stops it all.",
    )
    command.set_defaults(run=lambda _: up(read_settings(), _say))
    command = _add(
        menu,
        "migrate",
        "bring the database to the newest schema",
        "Bring the database at DATABASE_URL (or that of a running `campaigns up`) to the newest schema and load the "
        "starter webinar if there is no webinar yet. Safe to repeat, and from several machines at once.",
    )
    command.set_defaults(run=lambda _: bring_up_to_date(settings_here(), _say))
    command = _add(
        menu,
        "doctor",
        "check every setting against the world",
        "Check disk, secrets, database, Redis, mail server, what the DNS says of the sender (SPF, DKIM, DMARC, MX, "
        "PTR), Twilio, scheduler and queues, and say one line for each: "
        "`ok`, `?` for something worth a look, `!!` for something that keeps messages from leaving. "
        "Sends nothing and changes nothing. Ends with 1 if there is a `!!`.",
    )
    command.add_argument(
        "--resolver", default="", metavar="HOST[:PORT]",
        help="which DNS server to ask about the sender's domain (default: those of this machine)",
    )  # fmt: skip
    command.set_defaults(run=lambda asked: doctor(settings_here(), _say, asked.resolver))


def _add_rehearsal(menu: _Menu) -> None:
    command = _add(
        menu,
        "rehearse",
        "play a campaign for invented people, within seconds",
        "Let a few invented people register for a webinar, attend or miss it, and move the clock from event to event: "
        "the real scheduler, worker and templates do what they would do, in a database and an outbox of their own. "
        "Says who got what when, and what was not sent and why. Nothing is sent and nothing is kept. Works beside a "
        "running `campaigns up`, beside the servers of DATABASE_URL and REDIS_URL, and with neither.",
    )
    command.add_argument(
        "--webinar", default="si-joint-runners", metavar="NAME",
        help="last part of its registration page's address (default: si-joint-runners)",
    )  # fmt: skip
    command.set_defaults(run=lambda asked: rehearse(settings_here(), _say, webinar=asked.webinar))


def _add_processes(menu: _Menu) -> None:
    command = _add(
        menu,
        "web",
        "answer registrants and staff over HTTP",
        "Serve the registration pages and the staff pages at CAMPAIGNS_HOST and CAMPAIGNS_PORT. Needs DATABASE_URL and "
        "CAMPAIGNS_SECRET, or a running `campaigns up`. Several may run.",
    )
    command.set_defaults(run=lambda _: _become(commands.web()))
    command = _add(
        menu,
        "scheduler",
        "plan what is due and ring for the workers",
        "Fill the ledger ahead of time, give what is due to the workers, and pick up what a dead worker left. "
        "Needs DATABASE_URL, REDIS_URL and CAMPAIGNS_SECRET. Two may run, so that one can die.",
    )
    command.set_defaults(run=lambda _: _become(commands.scheduler()))
    command = _add(
        menu,
        "worker",
        "hand messages to the providers",
        "Hand emails and texts to their providers. Needs DATABASE_URL, REDIS_URL and CAMPAIGNS_SECRET. "
        "Any number may run; a message goes to one of them only.",
    )
    command.add_argument(
        "--queues", type=_queues, default=commands.QUEUES, metavar="A,B",
        help=f"which queues to serve, with commas between (default: all of {','.join(commands.QUEUES)})",
    )  # fmt: skip
    command.set_defaults(run=lambda asked: _become(commands.worker(asked.queues)))


def _add_content(menu: _Menu) -> None:
    content = _add(
        menu,
        "content",
        "the words of the messages",
        "Check the words of the messages before a clinician reads and approves them.",
    )
    acts = content.add_subparsers(title="commands", metavar="<command>", required=True)
    command = _add(
        acts,
        "check",
        "say what is wrong with the messages",
        "Read every message, render it for several people and situations, and say what is wrong: file, line, kind and "
        "remedy. Claims that may not be made, words that a lock screen must not show, links that lead astray, "
        "sentences that are too hard, texts that cost too much, HTML that some cannot read. Then a table of all "
        "messages. Changes nothing, and needs no database. Ends with 1 if there is an error.",
    )
    command.add_argument(
        "folder", nargs="?", type=Path, default=None, metavar="FOLDER",
        help="holds messages/ and claims.toml (default: the templates that came with the program)",
    )  # fmt: skip
    command.add_argument("--strict", action="store_true", help="end with 1 for warnings too")
    command.set_defaults(run=lambda asked: check_content(asked.folder or template_folder(), _say, strict=asked.strict))


def _add_approval(menu: _Menu) -> None:
    command = _add(
        menu,
        "approve",
        "record that a clinician has read messages and says yes",
        "Without arguments, list the newest version of each message with its hash. With MESSAGE@HASH, approve exactly "
        "those words for the clinician who has read them, never before. Without an approval no message leaves by a "
        "real mail server or Twilio; a changed word is a new version, and needs a new one.",
    )
    command.add_argument("messages", nargs="*", metavar="MESSAGE@HASH", help="as the list shows it")
    command.add_argument("--name", default="", help="of the clinician")
    command.add_argument("--licence", default="", help="type, state and number")
    command.add_argument("--interests", default="", help="what the clinician gains from the messages; “none” is one")
    command.add_argument("--references", default="", help="what was looked up: PMID, DOI, a guideline, the sources")
    command.add_argument("--days", type=int, default=365, help="how long it lasts (default and most: 365)")
    command.set_defaults(run=lambda asked: approve_messages(settings_here(), _say, _said(asked), asked.messages))


def _said(asked: argparse.Namespace) -> Said:
    return Said(asked.name, asked.licence, asked.interests, asked.references, asked.days)


def _add_registrants(menu: _Menu) -> None:
    registrants = _add(
        menu,
        "registrants",
        "lists of registrants",
        "Bring in people who registered elsewhere, or numbers that are gone.",
    )
    acts = registrants.add_subparsers(title="commands", metavar="<command>", required=True)
    command = _add(
        acts,
        "import",
        "bring a CSV file of people into a session",
        "Read a CSV file with the columns email and first_name (also last_name, phone, zone; texts, education and "
        "marketing for a yes to those messages, each with consent_at, consent_source and wording) and say what it "
        "would do. Nothing is saved without --apply; with it, either everybody who could be read is in, or nobody.",
    )
    command.add_argument("file", type=Path, help="the CSV file, in UTF-8")
    command.add_argument("--session", type=int, required=True, help="number of the session; a wrong one lists them all")
    command.add_argument(
        "--confirmations", choices=("yes", "no"), required=True, help="whether new people are sent a confirmation now"
    )
    command.add_argument("--apply", action="store_true", help="bring the people in, instead of only looking")
    command.set_defaults(run=lambda asked: bring_in(settings_here(), _say, _order(asked)))
    command = _add(
        acts,
        "deactivated",
        "stop texts to numbers that carriers have taken back",
        "Read a list of numbers that their carriers have taken back, one a line, and stop texts to them: whoever gets "
        "such a number next has agreed to nothing. Either the whole list counts or, if a line holds no number, "
        "nothing of it. Safe to repeat.",
    )
    command.add_argument("file", type=Path, help="the list, such as Twilio's Deactivations give it for each day")
    command.set_defaults(run=lambda asked: take_back(settings_here(), _say, asked.file))


def _order(asked: argparse.Namespace) -> Order:
    return Order(asked.file, asked.session, confirm=asked.confirmations == "yes", apply=asked.apply)


def _add_staff(menu: _Menu) -> None:
    staff = _add(menu, "staff", "accounts of staff", "Add an account for a member of staff, or set a new password.")
    acts = staff.add_subparsers(title="commands", metavar="<command>", required=True)
    command = _add(
        acts,
        "add",
        "add an account and print its password",
        "Add an account. Its password is made here and printed once; hand it over in person.",
    )
    command.add_argument("email", help="address to log in with")
    command.add_argument("--name", required=True, help="as colleagues should see it")
    command.add_argument("--role", choices=ROLES, default="operations", help="what they may do (default: operations)")
    command.set_defaults(
        run=lambda asked: accounts.add(settings_here(), _say, email=asked.email, name=asked.name, role=asked.role)
    )
    command = _add(
        acts,
        "password",
        "set a new password and print it",
        "Give an account a new password, printed once, and end its logins.",
    )
    command.add_argument("email", help="address of the account")
    command.set_defaults(run=lambda asked: accounts.renew(settings_here(), _say, email=asked.email))


def _add(menu: _Menu, name: str, short: str, long: str) -> argparse.ArgumentParser:
    return menu.add_parser(name, help=short, description=long, epilog=_EPILOGUE)


def _queues(words: str) -> tuple[str, ...]:
    asked = tuple(word.strip() for word in words.split(",") if word.strip())
    unknown = [word for word in asked if word not in commands.QUEUES]
    if unknown or not asked:
        raise argparse.ArgumentTypeError(f"choose from {','.join(commands.QUEUES)}")
    return asked


def _become(command: list[str]) -> None:
    sys.stdout.flush()
    os.execv(command[0], command)  # noqa: S606  # a fixed list of words, no shell
