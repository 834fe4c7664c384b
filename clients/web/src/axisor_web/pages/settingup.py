"""What the steps of the setup have done, each by the calls of the core."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from axisor.client import Client, every
from axisor.errors import FieldInvalid
from axisor.model import Mode, Side
from axisor.notices import NoticeLevel
from axisor.ports import Credentials, Secret
from axisor.wire.notices import DeliverySummary
from axisor.wire.records import Run

GUARD = "margin-guard"
PRESETS = {"calm": ("4", "8"), "normal": ("2", "5"), "tight": ("1", "3")}
"""Trigger and target in percent, as the margin guard has them."""

USUAL = {"trigger": "2", "target": "5", "budget_position": 500_000}
QUANTITY, LEVERAGE = 2_500, 25
OVER = ("stopped", "failed")
LOOKS, LOOK_S = 40, 0.25
NOTHING = "Nothing was sent to the core, so nothing changed."
_NUMBER = re.compile(r"-?[0-9]{1,16}(\.[0-9]{1,8})?")


class Place(Struct, frozen=True):
    """A network of a venue where an account can be."""

    venue: str
    network: str

    @property
    def value(self) -> str:
        """Return it as a form sends it."""
        return f"{self.venue}/{self.network}"


async def places(client: Client) -> tuple[Place, ...]:
    """Return where accounts can be, but for simulators: those are added where they run.

    What is worth nothing comes first.
    """
    venues = await every(lambda token: client.system.list_venues(page_token=token))
    return tuple(
        Place(venue.name.removeprefix("venues/"), network)
        for venue in venues
        for network in sorted(venue.networks, key=lambda name: (name == "mainnet", name))
        if network != "sim"
    )


async def add_account(client: Client, given: Mapping[str, str]) -> str:
    """Add an account, or take one that is there; returns its id.

    Raises FieldInvalid, ModeNotAllowed, VenueAuth, KeyCanWithdraw.
    """
    kind, _, name = given.get("place", "").partition(":")
    if kind == "account" and name:
        return (await client.accounts.choose(name)).id
    venue, _, network = name.partition("/")
    if kind != "new" or not network:
        raise FieldInvalid("Say where your positions are.", field="place", money=NOTHING)
    mode = next((each for each in Mode if each.value == given.get("mode")), None)
    if mode is None:
        raise FieldInvalid("Say how real it is to be.", field="mode", money=NOTHING)
    made = await client.accounts.create(
        venue=venue,
        network=network,
        mode=mode,
        label=given.get("label", "").strip() or f"{mode.value}-{network}",
        credentials=_key(given),
        request_id=given.get("request_id"),
    )
    return made.id


def _key(given: Mapping[str, str]) -> Credentials | None:
    parts = [given.get(name, "").strip() for name in ("key", "secret", "passphrase")]
    if not any(parts):
        return None
    return Credentials(*map(Secret, parts))


async def open_position(client: Client, given: Mapping[str, str]) -> None:
    """Open a position that has something to be guarded from. Refused where sats are real."""
    account = await client.accounts.choose(given.get("account", ""))
    if account.mode is not Mode.SIM:
        raise FieldInvalid(
            "The setup opens positions in SIM alone.", field="account", money=NOTHING
        )
    await client.orders.place(
        account.id,
        Side.BUY,
        quantity=QUANTITY,
        leverage=LEVERAGE,
        client_id="A",
        request_id=given.get("request_id"),
    )
    await client.accounts.reconcile(account.id)


async def add_channel(client: Client, given: Mapping[str, str]) -> None:
    """Make a channel. Raises NotifierNotFound, FieldInvalid, AddressForbidden."""
    kinds = await every(lambda token: client.notices.notifiers(page_token=token))
    kind = next((each for each in kinds if each.name == given.get("kind")), None)
    if kind is None:
        raise FieldInvalid("There is no such kind of channel.", field="kind", money=NOTHING)
    said = {field: given.get(f"field.{field.key}", "").strip() for field in kind.fields}
    await client.notices.create_channel(
        kind.name,
        given.get("label", "").strip() or kind.name,
        values={field.key: text for field, text in said.items() if text and not field.secret},
        secrets={field.key: Secret(text) for field, text in said.items() if text and field.secret},
        min_level=NoticeLevel.INFO,
        request_id=given.get("request_id"),
    )


async def test_channel(client: Client, given: Mapping[str, str]) -> DeliverySummary:
    """Send a test and wait a little for what becomes of it. Raises ChannelNotFound."""
    id = given.get("channel", "")
    delivery = await client.notices.test_channel(id, request_id=given.get("request_id"))
    for _ in range(LOOKS):
        if delivery.state.is_over or delivery.error:
            break
        await asyncio.sleep(LOOK_S)
        page = await client.notices.list_deliveries(channel=id)
        delivery = next((each for each in page.items if each.id == delivery.id), delivery)
    return delivery


async def guard_of(client: Client, account: str) -> Run | None:
    """Return the guard of an account, the one that is not over first; None where none is."""
    runs = await every(
        lambda token: client.strategies.list_runs(account, strategy=GUARD, page_token=token)
    )
    return next((run for run in runs if run.state.value not in OVER), runs[0] if runs else None)


def rule_of(run: Run | None) -> dict[str, Any]:
    """Return a guard's rule, the usual one where there is none."""
    return USUAL | (json.loads(run.config) if run is not None and run.config else {})


async def make_rule(client: Client, given: Mapping[str, str]) -> None:
    """Make the guard of an account, or change its rule. Raises FieldInvalid, ConfigInvalid."""
    account = given.get("account", "")
    rule = {
        "trigger": str(_number(given, "trigger")),
        "target": str(_number(given, "target")),
        "budget_position": int(_number(given, "budget")),
    }
    run = await guard_of(client, account)
    if run is None:
        await client.strategies.create_run(
            account,
            GUARD,
            config=json.dumps(rule),
            label="guard",
            request_id=given.get("request_id"),
        )
        return
    whole = json.dumps((json.loads(run.config) if run.config else {}) | rule)
    await client.strategies.configure_run(
        account, run.id, etag=run.etag, config=whole, request_id=given.get("request_id")
    )


async def move(client: Client, given: Mapping[str, str]) -> None:
    """Move the price of a simulator. Raises NotSupported where it is a real one."""
    await client.simulator.move_price(
        given.get("account", ""),
        _number(given, "percent") / 100,
        over_s=int(_number(given, "over")),
        request_id=given.get("request_id"),
    )


def _number(given: Mapping[str, str], name: str) -> Decimal:
    text = given.get(name, "").strip()
    if not _NUMBER.fullmatch(text):
        raise FieldInvalid(f"`{name}` must be a plain number.", field=name, money=NOTHING)
    return Decimal(text)
