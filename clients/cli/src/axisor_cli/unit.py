"""The unit of systemd that keeps a core running for one person, as text."""

from __future__ import annotations

import re
from pathlib import Path

from msgspec import Struct

from axisor.errors import SettingsInvalid

NAME = "axisor.service"
_PLAIN = re.compile(r"[A-Za-z0-9_@%+=:,./-]+")

TEXT = """\
[Unit]
Description=Axisor, which guards leveraged positions
Documentation=man:systemd.service(5)
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart={command}
Restart=always
RestartSec=2
TimeoutStopSec=90
KillMode=mixed
OOMScoreAdjust=-500
Nice=-5
UMask=0077
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native

[Install]
WantedBy=default.target
"""
"""Why each: a core that was killed starts again for ever, after a pause (`Restart`, no start
limit), has time to finish what it sent (`TimeoutStopSec`), ends its runners with it (`KillMode`),
is among the last to be killed for memory, and can become no other user. Where the machine allows
neither `Nice` nor `OOMScoreAdjust` to a person, systemd says so and starts it all the same."""


class Wanted(Struct, frozen=True, kw_only=True):
    """What the service runs: which `axisor`, on which data, with what beside the core."""

    program: Path
    data_dir: Path | None = None
    config: Path | None = None
    beside: tuple[str, ...] = ()


def text(wanted: Wanted) -> str:
    """Return the unit. Raises SettingsInvalid for a path that systemd could read otherwise."""
    words = [str(wanted.program), "up"]
    if wanted.data_dir is not None:
        words += ["--data-dir", str(wanted.data_dir)]
    if wanted.config is not None:
        words += ["--config", str(wanted.config)]
    for each in wanted.beside:
        words += ["--with", each]
    return TEXT.format(command=" ".join(map(_quoted, words)))


def _quoted(word: str) -> str:
    """Return a word as systemd reads it: quoted, `%` and `$` doubled."""
    if any(ord(letter) < 32 for letter in word):
        raise SettingsInvalid(f"{word!r} has letters that a unit cannot hold.", setting="path")
    plain = word.replace("%", "%%").replace("$", "$$")
    if _PLAIN.fullmatch(plain):
        return plain
    inner = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{inner}"'


def place(environment: dict[str, str], home: Path) -> Path:
    """Return the file that systemd reads for the units of one person."""
    base = environment.get("XDG_CONFIG_HOME")
    return (Path(base) if base else home / ".config") / "systemd" / "user" / NAME
