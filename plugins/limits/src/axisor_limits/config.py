"""What an operator may set: the limits that hold for each account of the core."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, structs

from axisor.errors import ConfigInvalid
from axisor.strategy import Config

Most = Annotated[int, Meta(ge=1)]
Times = Annotated[int, Meta(ge=1, le=100)]


class LimitsConfig(Config, frozen=True, kw_only=True):
    """The limits of each account; none is no limit."""

    max_exposure_usd: Annotated[
        Most | None,
        Meta(description="Most dollars in positions and waiting orders, longs and shorts added."),
    ] = None
    max_leverage: Annotated[
        Times | None, Meta(description="Highest leverage of a position that is opened.")
    ] = None
    max_account_leverage: Annotated[
        Times | None,
        Meta(description="Most exposure as a multiple of everything the account is worth."),
    ] = None
    max_positions: Annotated[
        Most | None, Meta(description="Most positions and waiting orders for new ones.")
    ] = None
    max_day_loss_sats: Annotated[
        Most | None,
        Meta(description="Sats lost by positions that ended in a UTC day; then none is opened."),
    ] = None


def read(settings: Mapping[str, Any]) -> LimitsConfig:
    """Return the limits. Raises ConfigInvalid for unknown names, bad values, or no limit at all."""
    try:
        config = msgspec.convert(dict(settings), LimitsConfig)
    except msgspec.ValidationError as error:
        raise ConfigInvalid(f"The limits cannot be read: {error}.") from error
    if all(limit is None for limit in structs.astuple(config)):
        raise ConfigInvalid(
            "No limit is set.",
            fix="Set one, such as max_exposure_usd, in [plugin.limits], or disable the plugin.",
        )
    return config
