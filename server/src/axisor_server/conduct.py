"""How a core acts for its accounts: towards the venue, on odd prices, in doubt, and by lease."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from axisor.ports import Pace


class VenueLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """How fast the venue may be asked, and what protective calls have for themselves."""

    account_rate: Annotated[
        int, Meta(ge=1, le=1_000, description="Signed requests a second, for each key.")
    ] = 5
    guard_reserve: Annotated[
        int, Meta(ge=0, le=999, description="Those of them that only protective calls may use.")
    ] = 2
    public_rate: Annotated[
        int, Meta(ge=1, le=1_000, description="Unsigned requests a second, for each host.")
    ] = 1
    proxy: Annotated[
        str,
        Meta(description="socks5h://host:port that venues are reached through, such as Tor's."),
    ] = ""
    back_date_ms: Annotated[
        int,
        Meta(ge=0, le=25_000, description="How far signatures are dated back; shortens doubt."),
    ] = 0
    lag_ms: Annotated[
        int, Meta(ge=0, le=60_000, description="How late a reading may show what was done.")
    ] = 2_000
    slack_ms: Annotated[
        int, Meta(ge=0, le=60_000, description="How long the venue may work on a request.")
    ] = 1_000

    def pace(self) -> Pace:
        """Return how fast a venue may be asked."""
        return Pace(self.account_rate, self.guard_reserve, self.public_rate)


class Prices(Struct, frozen=True, forbid_unknown_fields=True):
    """When the venue's prices contradict each other, so that runs add nothing; 0 is never."""

    disagree_percent: Annotated[
        int, Meta(ge=0, le=50, description="How far stream and ticker may be apart; 0: any.")
    ] = 1
    index_percent: Annotated[
        int, Meta(ge=0, le=50, description="How far the last price may leave the index; 0: any.")
    ] = 5


class Doubt(Struct, frozen=True, forbid_unknown_fields=True):
    """How long an outcome may stay unknown, and how often a run may try on one position."""

    dead_letter_s: Annotated[
        int,
        Meta(ge=60, le=86_400, description="Age of an unknown outcome that makes a dead letter."),
    ] = 600
    attempts_per_episode: Annotated[
        int,
        Meta(ge=1, le=100, description="Attempts of a run of unknown outcome in one episode."),
    ] = 3
    attempts_per_position: Annotated[
        int, Meta(ge=1, le=1_000, description="All attempts of runs on one position.")
    ] = 6
    attempt_window_s: Annotated[
        int, Meta(ge=60, le=86_400, description="Seconds within which attempts are counted.")
    ] = 600


class Lease(Struct, frozen=True, forbid_unknown_fields=True):
    """How long an engine may act for an account without saying that it is there."""

    ttl_ms: Annotated[
        int,
        Meta(ge=500, le=60_000, description="After this long without renewal another takes over."),
    ] = 5_000
    renew_ms: Annotated[
        int, Meta(ge=100, le=20_000, description="How often it is renewed; at most a third of it.")
    ] = 1_500
