"""The figures an operator may turn, each with a safe default."""

from __future__ import annotations

from msgspec import Struct

from axisor.model import Mode
from axisor_server.domain.attempts import Bounds
from axisor_server.settings import Settings


class EngineSettings(Struct, frozen=True, kw_only=True):
    """How the engine behaves; times are in the unit their name ends with.

    `owner` names this process in leases and must differ between processes. `back_date_ms` is taken
    off the signature's time, which shortens how long an outcome can stay unknown; 0 until the venue
    is known to accept it. `lag_ms` is how late a venue's reading may show what it did, `slack_ms`
    how long it may work on a request before it does it, `plan_ms` how old a plan may be when it is
    stamped: an older one was made for another situation. `poll_far_ms` leaves room for the reading
    itself, so that no figure is older than a minute.

    `lead` lets this core act for accounts, of which it takes its share every `share_ms`; `follow`
    lets it answer for those that others lead.

    `shut_wait_ms` is how long a change waits for an account that could not be opened before it.
    `command_life_ms` is how long a request may wait for somebody to begin with it when it says
    nothing itself. `shared` says that other processes may work with the database too;
    where none can, its lock is the lease. Only with `shared` this one beats, looks for stored
    commands every `command_poll_ms`, and for their answers every `answer_poll_ms`.
    """

    owner: str
    max_mode: Mode = Mode.SHADOW
    lease_ms: int = 5_000
    renew_ms: int = 1_500
    share_ms: int = 1_000
    lead: bool = True
    follow: bool = True
    shared: bool = True
    back_date_ms: int = 0
    lag_ms: int = 2_000
    slack_ms: int = 1_000
    uncertainty_limit_ms: int = 1_000
    offset_every_ms: int = 300_000
    offset_near_ms: int = 60_000
    stale_ms: int = 30_000
    stale_leveraged_ms: int = 15_000
    high_leverage: int = 50
    agree_every_ms: int = 15_000
    disagree_percent: int = 1
    index_disagree_percent: int = 5
    poll_near_ms: int = 2_000
    poll_far_ms: int = 50_000
    near_fraction_ppm: int = 10_000
    witness_every_ms: int = 1_000
    send_ms: int = 30_000
    plan_ms: int = 15_000
    dead_letter_ms: int = 600_000
    attempts: Bounds = Bounds()
    command_wait_ms: int = 10_000
    shut_wait_ms: int = 2_000
    command_life_ms: int = 60_000
    command_poll_ms: int = 1_000
    answer_poll_ms: int = 250
    inbox: int = 4_096
    verify_tail: int = 10_000
    paper_balance_sats: int = 10_000_000

    def binds_signatures(self, window_ms: int) -> bool:
        """Return whether a signature ends with the lease it is made under.

        That takes a venue that accepts signatures dated back, and a lease about as long as such a
        signature is good; then a request that leaves after its lease is one the venue must refuse.
        """
        good_ms = window_ms - self.back_date_ms
        return self.shared and self.back_date_ms > 0 and self.lease_ms >= good_ms

    @classmethod
    def of(cls, settings: Settings, *, owner: str) -> EngineSettings:
        """Return what an operator set, in the engine's words."""
        doubt, venue, prices = settings.doubt, settings.venue, settings.prices
        return cls(
            owner=owner,
            shared=bool(settings.database.url),
            max_mode=settings.max_mode,
            back_date_ms=venue.back_date_ms,
            lag_ms=venue.lag_ms,
            slack_ms=venue.slack_ms,
            disagree_percent=prices.disagree_percent,
            index_disagree_percent=prices.index_percent,
            dead_letter_ms=doubt.dead_letter_s * 1_000,
            attempts=Bounds(
                episode=doubt.attempts_per_episode,
                position=doubt.attempts_per_position,
                window_ms=doubt.attempt_window_s * 1_000,
            ),
        )
