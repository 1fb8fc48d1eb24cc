"""Make campaigns/lint/clients.toml anew: `python -m bench.clients FOLDER COMMIT DATE`, of a copy of caniemail.

caniemail.com tells which HTML and CSS each mail program understands (MIT licence). Kept of it is
the newest answer of the programs named here.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Final

import yaml

TABLE: Final = Path(__file__).parents[1] / "campaigns" / "lint" / "clients.toml"
CLIENTS: Final = {
    "apple-mail.macos": "Apple Mail on a Mac",
    "apple-mail.ios": "Apple Mail on a phone",
    "gmail.desktop-webmail": "Gmail on the web",
    "gmail.mobile-webmail": "Gmail in a phone's browser",
    "gmail.ios": "Gmail on an iPhone",
    "gmail.android": "Gmail on Android",
    "outlook.windows": "Outlook for Windows",
    "outlook.windows-mail": "Windows Mail",
    "outlook.macos": "Outlook for Mac",
    "outlook.outlook-com": "Outlook on the web",
    "outlook.ios": "Outlook on an iPhone",
    "outlook.android": "Outlook on Android",
    "yahoo.desktop-webmail": "Yahoo on the web",
    "yahoo.ios": "Yahoo on an iPhone",
    "yahoo.android": "Yahoo on Android",
    "aol.desktop-webmail": "AOL on the web",
    "samsung-email.android": "Samsung Email",
    "thunderbird.macos": "Thunderbird",
    "protonmail.desktop-webmail": "Proton Mail on the web",
    "fastmail.desktop-webmail": "Fastmail on the web",
}
HEAD: Final = """\
# What mail programs do not understand. Made by bench/clients.py from caniemail.com's data; do not edit by hand.
# A program stands under `no` where the newest test says that it does not know the feature, under `partly` where
# it knows some of it; where nobody has tested, it stands under neither.

[source]
name = "caniemail.com, by Rémi Parmentier and others"
address = "https://github.com/hteumeuleu/caniemail"
commit = "{commit}"
date = {date}
licence = "MIT, Copyright (c) 2019 Rémi Parmentier"

[clients]
{clients}

[features]
{features}
"""


def facts(path: Path) -> dict[str, object]:
    """Read the head of a feature's page; tabs and an unclosed list are its own."""
    head = path.read_text(encoding="utf-8").split("\n---", 1)[0].removeprefix("---").expandtabs(1)
    return yaml.safe_load(re.split(r"^notes(?:_by_num)?:", head, maxsplit=1, flags=re.MULTILINE)[0])


def newest(stats: dict[str, dict[str, dict[str, str]]], client: str) -> str:
    """Give the newest answer for a client: y, n, a (partly), u (not known)."""
    family, _, platform = client.partition(".")
    tested = (stats.get(family) or {}).get(platform) or {"": "u"}
    return str(list(tested.values())[-1])[:1]


def line(path: Path) -> str:
    """Write what a feature's page says as a line of the table."""
    stats = facts(path)["stats"]
    found = {
        key: [client for client in CLIENTS if newest(stats, client) == sign]
        for key, sign in (("no", "n"), ("partly", "a"))
    }
    lists = (f"{key} = {json.dumps(names)}" for key, names in found.items() if names)
    return f"{path.stem} = {{{', '.join(lists)}}}"


def main(folder: str, commit: str, date: str) -> None:
    """Write the table."""
    pages = sorted(path for path in Path(folder, "_features").glob("*.md") if path.stem.startswith(("css-", "html-")))
    clients = "\n".join(f'"{client}" = "{name}"' for client, name in CLIENTS.items())
    features = "\n".join(map(line, pages))
    TABLE.write_text(HEAD.format(commit=commit, date=date, clients=clients, features=features), encoding="utf-8")
    print(f"{len(pages)} features, {len(CLIENTS)} clients")


if __name__ == "__main__":
    main(*sys.argv[1:])
