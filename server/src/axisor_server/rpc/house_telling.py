"""Puts together how people are told: channels, rules, alerts, and their servicer."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from axisor.notices import Notifier
from axisor_server.ports import Clock, Ids, Store, Vault
from axisor_server.rpc.notices import NotificationServicer
from axisor_server.services.accounts import Accounts
from axisor_server.services.requests import Once
from axisor_server.services.telling.alerts import Alerts
from axisor_server.services.telling.channels import Channels


def telling(
    *,
    store: Store,
    vault: Vault,
    clock: Clock,
    ids: Ids,
    once: Once,
    accounts: Accounts,
    notifiers: Mapping[str, Notifier],
    hint: Callable[[], None],
) -> Mapping[str, object]:
    """Return the servicer by its full name. `store` shows everything."""
    channels = Channels(
        store=store,
        clock=clock,
        ids=ids,
        vault=vault,
        once=once,
        notifiers=notifiers,
        hint=hint,
    )
    alerts = Alerts(store=store, accounts=accounts, clock=clock, once=once)
    return {"axisor.v1.NotificationService": NotificationServicer(channels, alerts, clock)}
