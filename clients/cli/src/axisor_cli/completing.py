"""Ids that a shell completes, asked of the core in a moment or not at all.

Whoever presses Tab waits; a core that is slow, away, or refuses is answered with no suggestion.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from axisor.errors import AxisorError
from axisor_cli.session import Options

if TYPE_CHECKING:
    from axisor.client import Client
    from axisor.wire.records import Account

PATIENCE_S = 1.5

Found = Iterable[tuple[str, str]]
"""Words with what each is, in one line."""


def accounts(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Suggest accounts by their labels."""

    async def ask(client: Client) -> Found:
        found = (await client.accounts.list()).items
        return [(each.label, f"{each.mode.value} {each.id}") for each in found]

    return _fitting(begun, _asked(ctx, lambda options: options.run(ask)))


def positions(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Suggest open positions, the nearest to liquidation first."""

    async def ask(client: Client, account: Account) -> Found:
        found = (await client.margin.list_positions(account.id)).items
        return [(each.position.id[:8], _told(each)) for each in found]

    return _fitting(begun, _asked(ctx, _on_account(ask)))


def runs(ctx: click.Context, parameter: click.Parameter, begun: str) -> list[CompletionItem]:
    """Suggest the runs of the account."""

    async def ask(client: Client, account: Account) -> Found:
        found = (await client.strategies.list_runs(account.id)).items
        return [(each.id, f"{each.strategy} {each.state.value}") for each in found]

    return _fitting(begun, _asked(ctx, _on_account(ask)))


def _told(report: Any) -> str:
    held, distance = report.position, report.distance_percent
    away = "" if distance is None else f", {distance:.2f} % from liquidation"
    return f"{held.side.value} {held.quantity} USD{away}"


def _on_account(ask: Callable[[Client, Account], Awaitable[Found]]) -> Callable[[Options], Found]:
    return lambda options: options.run_on(ask)


def _asked(ctx: click.Context, ask: Callable[[Options], Found]) -> Found:
    given = {
        name: value
        for name, value in ctx.find_root().params.items()
        if name in Options.__struct_fields__
    }
    options = Options(**{**given, "timeout": PATIENCE_S})
    try:
        return ask(options.chosen())
    except (AxisorError, OSError):
        return ()  # a suggestion that cannot be made is no error of the line being typed


def _fitting(begun: str, found: Found) -> list[CompletionItem]:
    return [CompletionItem(word, help=told) for word, told in found if word.startswith(begun)]
