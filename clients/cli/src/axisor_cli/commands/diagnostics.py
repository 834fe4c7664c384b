"""`axisor diagnostics`: what somebody who helps needs to know, without what nobody should."""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from axisor.errors import AxisorError, SettingsInvalid
from axisor_cli.commands.system import parts
from axisor_cli.output import to_json
from axisor_cli.session import Options, command

if TYPE_CHECKING:
    from axisor.client import Client

EVENTS = 200
"""How many of the last events of each account are told, by kind and time alone."""

PLAIN_VALUE = re.compile(r"[0-9.]+|[a-z_]+")
"""A setting that somebody chose is shown where it is a number or one word."""

PRIVATE = 0o600


@click.group()
def diagnostics() -> None:
    """Say what is needed to find a fault, and nothing that is yours alone."""


@command(diagnostics)
@click.option(
    "--to",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("axisor-diagnostics.zip"),
    show_default=True,
)
def bundle(options: Options, to: Path) -> None:
    """Write a file of versions, settings, health and the kinds of the last events.

    No key, token, address of a person, amount, price or position is in it; ids of accounts are
    replaced by numbers that differ in each bundle. A core that is away is one of the findings.
    """
    papers: dict[str, Any] = {"machine": _machine(options), "versions": parts()}
    try:
        papers |= options.run(_ask)
    except AxisorError as error:
        papers["core"] = {"error": error.reason, "kind": type(error).__name__}
    _write(to, papers)
    printer = options.printer()
    printer.say(f"Wrote {to}, for you to look at before anybody else does:")
    for name in papers:
        printer.say(f"  {name}.json")


def _machine(options: Options) -> dict[str, Any]:
    there = options.directory.exists()
    free = shutil.disk_usage(options.directory).free // 2**20 if there else None
    return {
        "system": platform.system(),
        "release": platform.release(),
        "machine": platform.machine(),
        "python": platform.python_version(),
        "processors": os.cpu_count(),
        "data_directory_exists": there,
        "disk_free_mib": free,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
    }


async def _ask(client: Client) -> dict[str, Any]:
    """Return what a core says of itself, account by account under other names."""
    from google.protobuf.json_format import MessageToDict

    found = await client.system.status()
    salt = os.urandom(16)
    core = MessageToDict(found, preserving_proto_field_name=True)
    journals = {}
    for number, account in enumerate(found.accounts, 1):
        id, head = account.account.rpartition("/")[2], int(account.latest_sequence)
        journals[f"account-{number}"] = await _journal(client, id, head)
    return {
        "core": without_names(core, salt),
        "settings": await _settings(client),
        "journals": journals,
    }


async def _settings(client: Client) -> list[dict[str, Any]] | dict[str, str]:
    try:
        found = await client.system.settings()
    except AxisorError as error:
        return {"error": error.reason}
    return [
        {"name": each.name, "value": _shown(each), "source": each.source.partition(" ")[0]}
        for each in found
    ]


def _shown(setting: Any) -> str:
    """Return a value where it tells nothing of where anything is or who anybody is."""
    if setting.secret:
        return "***"
    value = str(setting.value)
    plain = setting.source == "default" or PLAIN_VALUE.fullmatch(value)
    return value if plain else "(set)"


async def _journal(
    client: Client, account: str, head: int
) -> list[dict[str, Any]] | dict[str, str]:
    try:
        page = await client.events.list(account, after=max(0, head - EVENTS), page_size=EVENTS)
    except AxisorError as error:
        return {"error": error.reason}
    return [
        {"sequence": each.sequence, "time": each.time.isoformat(), "kind": each.kind}
        for each in page.items
    ]


PLAIN = frozenset(
    (
        *("version", "max_mode", "mode", "draining", "level", "halt_level", "standing", "file"),
        *("feed_quality", "code", "price_age", "reconcile_age", "latest_sequence", "durable"),
        *("calls_per_second", "used_per_second", "position_count", "protected_count", "state"),
        *("open_intent_count", "running_count", "start_time", "status_time", "until_time"),
        *("name", "hooks", "strategies", "venues", "place", "faults", "epoch", "venue", "network"),
    )
)
"""What a status says that is nobody's secret; the rest is known by stand-ins."""


def without_names(value: Any, salt: bytes, key: str = "") -> Any:
    """Return what a core said with a stand-in for whatever could name somebody or something."""
    if isinstance(value, dict):
        return {inner: without_names(each, salt, inner) for inner, each in value.items()}
    if isinstance(value, list):
        return [without_names(each, salt, key) for each in value]
    return value if key in PLAIN else _alias(str(value), salt)


def _alias(value: str, salt: bytes) -> str:
    """Return what stands for a value in this bundle: equal values have equal stand-ins."""
    return f"#{hashlib.sha256(salt + value.encode()).hexdigest()[:8]}" if value else ""


def _write(path: Path, papers: dict[str, Any]) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    except FileExistsError:
        raise SettingsInvalid(
            f"{path} is there already.", fix="Name another with --to.", setting="to"
        ) from None
    except OSError as error:
        raise SettingsInvalid(
            f"{path} cannot be written: {error.strerror}.", setting="to"
        ) from error
    with os.fdopen(handle, "wb") as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
        for name, paper in papers.items():
            made.writestr(f"{name}.json", to_json(paper) + "\n")
