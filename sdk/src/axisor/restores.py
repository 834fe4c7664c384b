"""What is found out after a restore, as the journal keeps it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from axisor.intents import Action
from axisor.model import Sats


class Increase(Struct, frozen=True, kw_only=True):
    """Sats that are in a position and that no action in the journal explains.

    `target` is `positions/{id}` or `positions/cross`; `opened` says that the position itself is not
    in the journal, so that `amount` holds what it was opened with.
    """

    target: str
    amount: Sats
    opened: bool = False


class Counted(Struct, frozen=True, kw_only=True):
    """An increase as it counts for one run, by an intent that was never carried out here.

    An `amount` of 0 says that the run may have touched the target: what reached a position that the
    journal knows counts as margin from outside, for every run that did.
    """

    intent: str
    run: str
    target: str
    amount: Sats
    action: Action
    opened: bool = False


class RestoreReconciled(Struct, frozen=True, tag_field="is", tag=True, kw_only=True):
    """After a restore the account was read and found out about; from here on it acts again.

    What happened between the backup and the restore is in no journal. `increases` are the sats that
    moved meanwhile; they count as spent for every run that may spend, which `counted` says one by
    one, at the market time `market_at`. `steps` are the steps that the runs go on from.
    """

    backup: str
    backup_at: datetime
    restored_at: datetime
    market_at: datetime | None = None
    increases: tuple[Increase, ...] = ()
    counted: tuple[Counted, ...] = ()
    steps: dict[str, int] = {}


RESTORED = "RESTORED"
"""The reason of an `Outcome` that tells a run of sats it may have moved before a restore.

The run did not ask for the action in this journal; whatever counts spending must count it.
"""
