"""REST's public endpoints: time, prices, candles, funding."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from axisor_lnmarkets.sim.candles import RANGES
from axisor_lnmarkets.sim.requests import Endpoint, Request
from axisor_lnmarkets.sim.views import best_price, buckets, candle, view
from axisor_lnmarkets.sim.wire import Json, iso, number, number_or_none

_WEIGHTS = (("bybit", Decimal("0.4")), ("binance", Decimal("0.4")), ("okx", Decimal("0.2")))
_RATIO = Decimal("0.000001")
_DAY = timedelta(days=1)


def _ping(request: Request) -> Json:
    return "pong"


def _time(request: Request) -> Json:
    return {"time": iso(request.transport_now)}


def _ticker(request: Request) -> Json:
    world, quote = request.world, request.quote
    answer: dict[str, Json] = {
        "time": iso(quote.time),
        "index": number_or_none(quote.index),
        "lastPrice": number(quote.last),
        "fundingRate": number(world.engine.funding_rate),
        "fundingTime": iso(world.engine.funding_time),
        "prices": buckets(quote),
        "exchangesWeights": dict(_WEIGHTS),
    }
    before = world.tape.price_at(request.now - _DAY)
    if before is not None:
        ratio = ((quote.last - before) / before).quantize(_RATIO)
        answer["priceChange24h"] = {"ratio": number(ratio), "updatedAt": iso(quote.time)}
    return answer


def _leaderboard(request: Request) -> Json:
    # There is nobody else on this exchange to be compared with.
    return {"daily": [], "weekly": [], "monthly": [], "all-time": []}


def _candles(request: Request) -> Json:
    range_ = request.fields.one_of("range", tuple(RANGES), "1m")
    return request.paged(request.world.tape.all(range_), lambda c: c.time, candle)


def _settlements(request: Request) -> Json:
    return request.paged(request.world.engine.settlements, lambda s: s.time, view)


def _best_price(request: Request) -> Json:
    return best_price(request.quote)


ENDPOINTS = (
    Endpoint("GET", "/ping", "ping", None, _ping),
    Endpoint("GET", "/time", "time", None, _time),
    Endpoint("GET", "/futures/ticker", "ticker", None, _ticker),
    Endpoint("GET", "/futures/leaderboard", "leaderboard", None, _leaderboard),
    Endpoint("GET", "/futures/candles", "candles", None, _candles),
    Endpoint("GET", "/futures/funding-settlements", "funding-settlements", None, _settlements),
    Endpoint("GET", "/synthetic-usd/best-price", "best-price", None, _best_price),
)
