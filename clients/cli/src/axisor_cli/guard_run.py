"""The run that guards an account, and what is said of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from axisor.errors import RunNotFound
from axisor.events import RunState

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Run

STRATEGY = "margin-guard"
WORKING = (RunState.RUNNING, RunState.STARTING)


async def guard_run(client: Client, account: str) -> Run | None:
    """Return the account's guard: the one at work, else the newest that is not over, else None."""
    from axisor.client import every

    runs = await every(
        lambda token: client.strategies.list_runs(account, strategy=STRATEGY, page_token=token)
    )
    working = [run for run in runs if run.state in WORKING]
    waiting = [run for run in runs if run.state in (RunState.PAUSED, RunState.CREATED)]
    found = [*working, *waiting, *runs]
    return found[0] if found else None


async def must_have(client: Client, account: str) -> Run:
    """Return the account's guard. Raises RunNotFound."""
    run = await guard_run(client, account)
    if run is None:
        raise RunNotFound(
            "This account has no guard.",
            money="Its positions are not protected.",
            fix="Set one up: axisor guard set --trigger 2% --target 5% --budget 500000sat.",
        )
    return run


def until(run: Run | None) -> str:
    """Return until when the guard is paused, where it goes on by itself."""
    at = None if run is None else run.resumes_at
    return "" if at is None else f" until {at:%H:%M} UTC"


def status_of(run: Run | None) -> str:
    """Return what the guard does, in a word."""
    if run is None:
        return "none"
    return "armed" if run.state in WORKING else run.state.value


def run_record(run: Run) -> dict[str, Any]:
    """Return a guard's run as a record."""
    return {
        "run": run.id,
        "guard": status_of(run),
        "resumes_at": run.resumes_at,
        "config": json.loads(run.config or "{}"),
    }
