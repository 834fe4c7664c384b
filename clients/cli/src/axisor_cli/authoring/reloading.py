"""`axisor plugin run --reload`: what is saved decides from its next step on."""

from __future__ import annotations

from collections.abc import AsyncIterable, Callable
from importlib.metadata import entry_points
from importlib.util import find_spec
from pathlib import Path

from axisor.client import Client
from axisor.errors import AxisorError, FieldInvalid, VersionNotFound
from axisor.sources import code_of
from axisor_cli.authoring.scaffold import GROUP

DEBOUNCE_MS = 200
"""Editors save a file in several steps; so long after the first of them is looked at once."""


def place_of(module: str) -> Path:
    """Return the file or folder that a plugin's code is in. Raises FieldInvalid."""
    spec = find_spec(module.partition(".")[0])
    if spec is None or spec.origin is None:
        raise FieldInvalid(f"The sources of {module} are not to be found.", field="target")
    origin = Path(spec.origin)
    return origin.parent if origin.name == "__init__.py" else origin


def saves(place: Path) -> AsyncIterable[object]:
    """Yield whenever Python files at a place were saved. Raises FieldInvalid without watchfiles."""
    try:
        from watchfiles import PythonFilter, awatch
    except ImportError as error:
        raise FieldInvalid(
            "What is saved cannot be watched: watchfiles is not installed.",
            fix="Install it: python -m pip install 'axisor-cli[dev]'",
            field="reload",
        ) from error
    return awatch(place, watch_filter=PythonFilter(), debounce=DEBOUNCE_MS)


def present(plugin: str) -> str:
    """Return what asks a core for the version of an installed plugin that is on the disk now."""
    (entry,) = entry_points(group=GROUP, name=plugin)
    version = entry.dist.version if entry.dist else ""
    return f"{version}+{code_of(entry.module)}"


async def reload(
    client: Client,
    account: str,
    run: str,
    *,
    saved: AsyncIterable[object],
    present: Callable[[], str],
    say: Callable[[str], None],
) -> None:
    """Have a run decide by what is on the disk each time that something was saved, until cancelled.

    Its memory goes over. What cannot be loaded is told, and the version before goes on.
    """
    async for _ in saved:
        try:
            await client.strategies.start_upgrade(
                account, run, version=present(), probation_steps=0
            )
            done = await client.strategies.commit_upgrade(account, run)
        except VersionNotFound:
            continue  # saved as it was
        except AxisorError as error:
            say(f"NOT RELOADED  {error.message}")
        else:
            say(f"RELOADED  {done.before} → {done.after}")
