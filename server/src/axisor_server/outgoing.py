"""Builds what leaves for receivers elsewhere, by the settings."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from axisor.errors import SettingsInvalid
from axisor.ports import Clock
from axisor_server.adapters.copies import FILE, CopiesOf
from axisor_server.adapters.files import read_private
from axisor_server.adapters.outbound.addresses import networks, parse
from axisor_server.choices import Outbound as OutboundSettings
from axisor_server.services.copying import Copier, Progress, Tell
from axisor_server.settings import Settings

if TYPE_CHECKING:
    from axisor_server.adapters.outbound.sending import Outbound

Copies: TypeAlias = Callable[[Tell, Progress], Copier]


def outbound(settings: OutboundSettings) -> Outbound:
    """Return the way to addresses that somebody gives. Raises SettingsInvalid."""
    from axisor_server.adapters.outbound.sending import Outbound

    authority = ""
    if settings.authority_file:
        try:
            authority = Path(settings.authority_file).read_text("ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsInvalid(
                f"{settings.authority_file} cannot be read.", setting="outbound.authority_file"
            ) from error
    try:
        return Outbound(allowed=networks(settings.allow, "outbound.allow"), authority=authority)
    except OSError as error:  # ssl.SSLError is one
        raise SettingsInvalid(
            f"{settings.authority_file} has no certificate.", setting="outbound.authority_file"
        ) from error


def copies_to(settings: Settings, kept: Path, data_dir: Path, clock: Clock) -> Copies | None:
    """Return what copies the checkpoints that are kept in a file to a webhook; None for none.

    Raises SettingsInvalid, and AddressForbidden for an address that is never spoken to.
    """
    audit = settings.audit
    if not audit.webhook:
        return None
    from axisor_server.adapters.outbound.webhook import Letterhead, WebhookReceiver, read_secrets

    if not audit.webhook_secrets:
        raise SettingsInvalid(
            "A webhook needs a secret, or nobody knows whether a checkpoint is of this core.",
            fix="Name a private file with audit.webhook_secrets.",
            setting="audit.webhook_secrets",
        )
    try:
        content = read_private(Path(audit.webhook_secrets))
    except FileNotFoundError as error:
        raise SettingsInvalid(
            f"There is no file {audit.webhook_secrets}.", setting="audit.webhook_secrets"
        ) from error
    letterhead = Letterhead(parse(audit.webhook), read_secrets(content, "audit.webhook_secrets"))
    receiver = WebhookReceiver(outbound(settings.outbound), letterhead)
    queue = CopiesOf(kept, data_dir / FILE, receiver=audit.webhook)
    chance = random.Random()

    def build(tell: Tell, progress: Progress) -> Copier:
        return Copier(queue, receiver, clock, chance=chance.random, tell=tell, progress=progress)

    return build
