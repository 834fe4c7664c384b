"""Errors of what lies outside the core: venue, database, receivers, archives, key services."""

from __future__ import annotations

from axisor.errors.base import FormatError, StateError, StoreError, VenueError


class VenueRefused(VenueError):
    """The venue refused the action; it has no effect."""

    reason = "VENUE_REFUSED"
    money = "The venue says the action has no effect."


class VenueUnavailable(VenueError):
    """The venue could not be reached; nothing was sent."""

    reason = "VENUE_UNAVAILABLE"
    fix = "It is tried again by itself; axisor doctor shows the connection."


class VenueRateLimited(VenueError):
    """The venue's rate limit refused the call; it has no effect."""

    reason = "VENUE_RATE_LIMITED"
    money = "The venue says the action has no effect."
    fix = "Wait as long as the answer says."


class VenueAuth(VenueError):
    """The venue refused the key, its signature or its rights; the call has no effect."""

    reason = "VENUE_AUTH"
    money = "Nothing can be guarded on this account until the key works."
    fix = "Check the key: axisor account test; replace it: axisor account replace-credentials."


class VenueClockSkew(VenueError):
    """The venue refused the time a request was signed for; the call has no effect."""

    reason = "VENUE_CLOCK_SKEW"
    money = "The venue says the action has no effect. The key is not to blame."
    fix = "The venue's clock is measured anew by itself; if it stays so, set this machine's clock."


class VenueAnswerInvalid(VenueError):
    """The venue's answer cannot be understood; a figure in it is missing or absurd."""

    reason = "VENUE_ANSWER_INVALID"
    money = "Nothing is assumed from it."
    fix = "If it stays so, the venue changed its interface: update the venue plugin."


class OutcomeUnknown(VenueError):
    """The request left, and whether it took effect is not known yet."""

    reason = "OUTCOME_UNKNOWN"
    money = "It may have happened. It is not sent again until a read-back settles it."
    fix = "Wait; the journal will say how it ended."


class StoreUnavailable(StoreError):
    """The database does not answer."""

    reason = "STORE_UNAVAILABLE"
    money = "Nothing new is begun; what was begun is reconciled when it is back."
    fix = "Look at the disk and the database; axisor doctor."


class StoreInUse(StoreError):
    """Another core already works with this data directory."""

    reason = "STORE_IN_USE"
    fix = "Stop the other core, or use another --data-dir."


class JournalCorrupt(StoreError):
    """The journal's hash chain is broken."""

    reason = "JOURNAL_CORRUPT"
    money = "The core refuses to act on a history it cannot trust."
    fix = "Restore the newest backup that verifies; the first bad sequence is named."


class ReplayDiverged(StoreError):
    """A recorded decision comes out otherwise with today's code."""

    reason = "REPLAY_DIVERGED"
    money = "Nothing was sent. What was done then stays done; what is done next may differ."
    fix = "Compare the versions of core and plugins; the first decision that differs is named."


class BackupInvalid(StoreError):
    """The backup does not open, is not whole, or does not hold what it says."""

    reason = "BACKUP_INVALID"
    money = "Nothing was restored and nothing was changed."
    fix = "Use another backup: axisor backup list, then axisor backup verify."


class CheckpointInvalid(StoreError):
    """A checkpoint of a journal was not signed by its key, or was changed."""

    reason = "CHECKPOINT_INVALID"
    money = "Nothing was sent to the venue. Whether the journal is whole is not proved."
    fix = "Use the checkpoints as they were written, and the key of that core: axisor audit key."


class VaultSealBroken(StoreError):
    """Something the vault sealed does not open."""

    reason = "VAULT_SEAL_BROKEN"
    money = "What cannot be read is not used: nothing is guessed in its place."
    fix = "Give the core the vault key it was sealed with: axisor keys list names it."


class DiskFull(StoreUnavailable):
    """The disk of the database is full, or nearly."""

    reason = "DISK_FULL"
    money = "Margin is not added and nothing is opened; closing, stops and reading go on."
    fix = "Free space on the disk of the data directory; the rest goes on by itself."


class AddressForbidden(FormatError):
    """The core does not speak to this address."""

    reason = "ADDRESS_FORBIDDEN"
    money = "Nothing was sent there, and nothing to the venue."
    fix = "Give an https:// address on the internet, or allow its network: outbound.allow."


class ReceiverUnavailable(StateError):
    """A receiver outside did not take what it was sent."""

    reason = "RECEIVER_UNAVAILABLE"
    money = "No money moves by it, and guards go on."
    fix = "Look at the receiver; it is sent again by itself."


class ArchiveRefused(FormatError):
    """The archive holds something that is not unpacked."""

    reason = "ARCHIVE_REFUSED"
    money = "Nothing of it was used and nothing was changed."
    fix = "Use an archive whose maker you know."


class KeyServiceUnavailable(StoreError):
    """The service that holds the key of the vault does not open it."""

    reason = "KEY_SERVICE_UNAVAILABLE"
    money = "Without it no stored exchange key opens and nothing is guarded; nothing was changed."
    fix = "Look at the service and at the token of the core, then start again."
