"""What the settings make of the limits of calls."""

from __future__ import annotations

import ipaddress

from axisor.errors import SettingsInvalid
from axisor.ports import Clock
from axisor_server.adapters.limiters import LocalLimiter, RedisLimiter
from axisor_server.domain.rates import MINUTE_S, Rate, a_minute
from axisor_server.links import redis_url
from axisor_server.services.limiting import Limiter, Limits, Rates, Sort
from axisor_server.settings import Settings


def call_limits(settings: Settings, clock: Clock) -> Limits:
    """Return what counts calls, together with the other cores where there is a Redis.

    Raises SettingsInvalid.
    """
    limiter: Limiter = LocalLimiter(clock)
    if settings.redis.url:
        limiter = RedisLimiter(redis_url(settings), clock, cores=settings.limits.cores)
    return Limits(limiter, rates_of(settings))


def rates_of(settings: Settings) -> Rates:
    """Return the rates that settings name. Raises SettingsInvalid."""
    asked = settings.limits
    return Rates(
        address=a_minute(asked.address_per_min),
        caller={
            Sort.SIGN_IN: a_minute(asked.sign_in_per_min),
            Sort.READ: a_minute(asked.read_per_min),
            # Whoever lost the core opens all streams again at once.
            Sort.STREAM: Rate(asked.stream_per_min, MINUTE_S, max(asked.streams, 1)),
            Sort.CHANGE: a_minute(asked.change_per_min),
            Sort.MONEY: a_minute(asked.money_per_min),
        },
        streams=asked.streams,
        proxies=tuple(_network(text) for text in asked.proxies),
    )


def _network(text: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError as error:
        raise SettingsInvalid(
            f"`{text}` is no network: {error}.",
            fix="Write it as 10.0.0.0/8.",
            setting="limits.proxies",
        ) from error
