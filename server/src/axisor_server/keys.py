"""The command `axisor keys`: the ring of vault keys, beside a core that runs or without one."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import click

from axisor.errors import VaultKeyInUse
from axisor_server.adapters.ring.ring import Ring
from axisor_server.adapters.system import SystemClock
from axisor_server.adapters.vault import RingVault, open_ring
from axisor_server.cli import CONFIG, OUTPUT, read, told, usual_data_dir
from axisor_server.offline import opened_store, reading
from axisor_server.services.custody import Custody, KeyReport, check_unused, reports
from axisor_server.settings import Loaded

T = TypeVar("T")
Work = Callable[[Custody], Coroutine[Any, Any, T]]

STILL_S = 60
"""How long the ring must have been as it is before a key is taken off it.

What a core began to store with the key that sealed before is stored by then.
"""

DATA_DIR = click.option(
    "--data-dir",
    envvar="AXISOR_DATA_DIR",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where journal, keys and certificate are.",
)
DATABASE = click.option("--database", help="postgresql://… instead of SQLite in the directory.")


@click.group()
def keys() -> None:
    """Look after the keys that seal every stored secret."""


@keys.command("list")
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def list_(file: Path | None, output: str, **options: Any) -> None:
    """List the keys, the one that seals first, and how many stored records need each."""
    place = _Place(file, options)
    _print(place.reports(), output)


@keys.command("add")
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def add(file: Path | None, output: str, **options: Any) -> None:
    """Put a new key on the ring that only opens, so that every core can have it before it seals."""
    place = _Place(file, options)
    _say(place.ring.add(primary=False), output)


@keys.command("rotate")
@click.argument("id", required=False)
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def rotate(id: str | None, file: Path | None, output: str, **options: Any) -> None:
    """Let a new key seal from now on, or one of the ring by its id.

    A core that runs takes it up by itself and wraps what is stored anew; without one: rewrap.
    """
    ring = _Place(file, options).ring
    if id is None:
        _say(ring.add(primary=True), output)
        return
    ring.promote(id)
    _say(id, output)


@keys.command("rewrap")
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def rewrap(file: Path | None, output: str, **options: Any) -> None:
    """Wrap every data key by the key that seals, going on where an earlier try ended.

    A core that holds the database does this by itself.
    """
    place = _Place(file, options)
    done = place.work(Custody.rewrap)
    shape = {
        "key": done.key,
        "wrapped": done.wrapped,
        "broken": [{"kind": each.kind, "id": each.id} for each in done.broken],
    }
    text = f"{done.wrapped} data keys are wrapped by {done.key}."
    for each in done.broken:
        text += f"\nDoes not open and was left as it is: {each.kind or 'exchange key'} {each.id}"
    click.echo(json.dumps(shape) if output == "json" else text)


@keys.command("renew")
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def renew(file: Path | None, output: str, **options: Any) -> None:
    """Have a service that keeps keys of the ring keep them by its newest key, after it rotated.

    The keys stay the same, so nothing stored is touched. Keys that are kept otherwise stay as is.
    """
    count = _Place(file, options).ring.renew()
    click.echo(json.dumps({"renewed": count}) if output == "json" else f"{count} keys renewed.")


@keys.command("reseal")
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def reseal(file: Path | None, output: str, **options: Any) -> None:
    """Seal exchange keys and the keys of persons anew, with new data keys; without a core."""
    count = _Place(file, options).work(Custody.reseal)
    click.echo(json.dumps({"resealed": count}) if output == "json" else f"{count} sealed anew.")


@keys.command("retire")
@click.argument("id")
@DATA_DIR
@DATABASE
@CONFIG
@OUTPUT
@told
def retire(id: str, file: Path | None, output: str, **options: Any) -> None:
    """Take a key off the ring that nothing stored needs any more, and put it by."""
    place = _Place(file, options)
    place.check(id)
    place.ring.retire(id)
    _say(id, output)


class _Place:
    """A ring and the database whose secrets it seals."""

    def __init__(self, file: Path | None, options: dict[str, Any]) -> None:
        self._loaded: Loaded = read(file, **{"database.url": options["database"]})
        self._data_dir: Path = options["data_dir"] or usual_data_dir()
        self.ring: Ring = open_ring(self._data_dir, self._loaded.settings.vault, os.environ)
        self._vault = RingVault(self.ring)

    def reports(self) -> list[KeyReport]:
        found = reading(self._loaded, self._data_dir)
        try:
            return list(found.read(lambda view: reports(view, self._vault)))
        finally:
            found.close()

    def check(self, id: str) -> None:
        age_s = SystemClock().now().timestamp() - self.ring.path.stat().st_mtime
        if age_s < STILL_S:
            raise VaultKeyInUse(
                "The ring changed a moment ago, and a core may still be storing by the old key.",
                fix=f"Try again in {STILL_S - int(age_s)} s.",
                key=id,
            )
        found = reading(self._loaded, self._data_dir)
        try:
            found.read(lambda view: check_unused(view, self._vault, id))
        finally:
            found.close()

    def work(self, work: Work[T]) -> T:
        async def run() -> T:
            async with opened_store(self._loaded, self._data_dir) as store:
                return await work(Custody(store=store, ring=self._vault, clock=SystemClock()))

        return asyncio.run(run())


def _say(id: str, output: str) -> None:
    click.echo(json.dumps({"key": id}) if output == "json" else id)


def _print(found: list[KeyReport], output: str) -> None:
    if output == "json":
        shape = [
            {"key": key.id, "kept": key.kept, "seals": key.seals, "records": key.records}
            for key in found
        ]
        click.echo(json.dumps(shape))
        return
    for key in found:
        does = "seals" if key.seals else "opens"
        click.echo(f"{key.id}  {does}  {key.kept:<11}  {key.records} records")
