"""Makes and revokes the tokens of the core by which people speak to it through a bot."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime

import click

from axisor.client import Client
from axisor.errors import TokenNotFound
from axisor.ports import Secret
from axisor.tokens import caveat, parse
from axisor.wire.records import Account
from axisor_bot.people import Known, caveats_of

DAYS = 90


def granting(
    chat: str, account: str | None, role: str, until: datetime, limits: Mapping[str, int]
) -> Callable[[Client], Awaitable[tuple[Account, Secret]]]:
    """Return a call that makes a token with the rights of a role, for one account.

    `limits` are further caveats by their names. Raises AccountNotFound, and what the core refuses.
    """

    async def use(client: Client) -> tuple[Account, Secret]:
        found = await client.accounts.choose(account)
        caveats = [
            *caveats_of(role, found.id),
            caveat("exp", int(until.timestamp())),
            *(caveat(name, value) for name, value in limits.items()),
        ]
        _, made = await client.tokens.create(f"{chat} {role}", caveats)
        return found, made

    return use


def revoking(known: Known) -> Callable[[Client], Awaitable[None]]:
    """Return a call that revokes somebody's token; it says where that was done before."""

    async def use(client: Client) -> None:
        try:
            await client.tokens.revoke(parse(known.token).id)
        except TokenNotFound:
            click.echo("their token was revoked before, or is another person's", err=True)

    return use
