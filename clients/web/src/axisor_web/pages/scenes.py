"""What one page shows: a reading of its account, and what else its parts need."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from axisor.client import Client, every
from axisor.client.strategies import RunStep
from axisor.model import Order, OrderState
from axisor.states import ConfirmationState
from axisor.wire.confirmations import Confirmation
from axisor.wire.notices import AlertSummary, MuteSummary
from axisor.wire.records import PositionReport
from axisor_web.pages.readings import WORKING, Reading, read
from axisor_web.pages.telling import Lines, lines_of
from axisor_web.transcode import json_of

PARTS = {
    "bar": "parts/bar.html",
    "notes": "parts/notes.html",
    "safety": "parts/safety.html",
    "positions": "parts/positions.html",
    "activity": "parts/activity.html",
    "automations": "parts/automations.html",
    "runs": "parts/runs.html",
    "run": "parts/run.html",
    "waiting": "parts/waiting.html",
    "position": "parts/position.html",
    "guard": "parts/guard.html",
    "orders": "parts/orders.html",
    "phone": "parts/phone.html",
    "alerts": "parts/alerts.html",
    "onward": "setup/onward.html",
}
"""The parts of pages that are painted again while somebody looks, by name."""

FEW = 8
MOST_RUNS = 24
"""Of so many runs, those at work first, the last step is asked for."""

QUARANTINED = "PLUGIN_STATE_QUARANTINED"

T = TypeVar("T")


class Scene(Struct, frozen=True):
    """Everything that the parts of one page show.

    `steps` are the last ones at which runs asked for something, by run; `troubles` say by strategy
    why its plugin is in quarantine.
    """

    reading: Reading
    lines: Lines = Lines()
    orders: tuple[Order, ...] = ()
    waiting: tuple[Confirmation, ...] = ()
    alerts: tuple[AlertSummary, ...] = ()
    mutes: tuple[MuteSummary, ...] = ()
    steps: Mapping[str, RunStep] = {}
    troubles: Mapping[str, str] = {}

    def position(self, id: str) -> PositionReport | None:
        """Return an open position, None where it is gone."""
        return next((each for each in self.reading.positions if each.position.id == id), None)


async def scene(client: Client, wanted: str | None, parts: frozenset[str]) -> Scene:
    """Read what the parts of a page need. Raises what the core refuses with."""
    reading = await read(client, wanted)
    return await around(client, reading, parts)


async def around(client: Client, reading: Reading, parts: frozenset[str]) -> Scene:
    """Read what the parts need beside the account itself."""
    account = reading.account.id
    lines, orders, waiting, alerts, mutes = await asyncio.gather(
        lines_of(client, account, most=FEW) if "activity" in parts else _nothing(Lines()),
        _orders(client, account) if "orders" in parts else _nothing(()),
        _waiting(client, account) if "waiting" in parts else _nothing(()),
        _alerts(client, account) if "alerts" in parts else _nothing(()),
        _mutes(client, account) if "alerts" in parts else _nothing(()),
    )
    found = Scene(reading, lines, orders, waiting, alerts, mutes)
    if not parts & {"runs", "run"}:
        return found
    steps, troubles = await asyncio.gather(_steps(client, reading), _troubles(client))
    return replace(found, steps=steps, troubles=troubles)


async def _orders(client: Client, account: str) -> tuple[Order, ...]:
    open_ones = await every(
        lambda token: client.orders.list(account, states=[OrderState.OPEN], page_token=token)
    )
    done = await client.orders.list(
        account, states=[OrderState.FILLED, OrderState.CANCELED], page_size=50
    )
    return (*open_ones, *done.items)


async def _waiting(client: Client, account: str) -> tuple[Confirmation, ...]:
    page = await client.confirmations.list(account, states=[ConfirmationState.PENDING])
    # What its preparer can still commit waits in a dialog somewhere; the rest needs another's word.
    return tuple(each for each in page.items if each.commit_until is None)


async def _alerts(client: Client, account: str) -> tuple[AlertSummary, ...]:
    return await every(
        lambda token: client.notices.list_alerts(account, only_open=True, page_token=token)
    )


async def _mutes(client: Client, account: str) -> tuple[MuteSummary, ...]:
    rules = await client.notices.rules()
    return tuple(each for each in rules.mutes if each.account == account)


async def _steps(client: Client, reading: Reading) -> dict[str, RunStep]:
    runs = sorted(reading.runs, key=lambda run: run.state not in WORKING)[:MOST_RUNS]
    pages = await asyncio.gather(
        *(client.strategies.list_run_steps(run.account, run.id, page_size=1) for run in runs)
    )
    return {run.id: page.items[0] for run, page in zip(runs, pages, strict=True) if page.items}


async def _troubles(client: Client) -> dict[str, str]:
    plugins = await every(lambda token: client.strategies.list_plugins(page_token=token))
    told = [json_of(each) for each in plugins]
    return {
        strategy.rpartition("/")[2]: each["error"]
        for each in told
        if each["state"] == QUARANTINED
        for strategy in each["strategies"]
    }


async def _nothing(value: T) -> T:
    return value
