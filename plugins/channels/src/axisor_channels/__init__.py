"""Kinds of channels that people are told by."""

from __future__ import annotations

from axisor.hookspecs import RegisterNotifier, hookimpl
from axisor_channels.apprise import Apprise
from axisor_channels.discord import Discord
from axisor_channels.mail import Mail
from axisor_channels.nostr import Nostr
from axisor_channels.ntfy import Ntfy
from axisor_channels.telegram import Telegram
from axisor_channels.webhook import Webhook

__all__ = ["Apprise", "Discord", "Mail", "Nostr", "Ntfy", "Telegram", "Webhook"]


@hookimpl
def register_notifiers(register: RegisterNotifier) -> None:
    """Offer them all."""
    for notifier in (Apprise(), Discord(), Mail(), Nostr(), Ntfy(), Telegram(), Webhook()):
        register(notifier)
