"""`axisor bot`: chat bots and agents of the core that one is connected to."""

from __future__ import annotations

import click

from axisor_bot.agents.cli import mcp
from axisor_bot.nostr.cli import nostr
from axisor_bot.telegram.cli import telegram


@click.group()
def bot() -> None:
    """Chat bots and agents, with tokens that may do little."""


bot.add_command(telegram)
bot.add_command(nostr)
bot.add_command(mcp)
