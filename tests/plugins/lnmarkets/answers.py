"""The venue's published examples, as the tests' server sends them."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

TRADE_ID = "a3d1c0de-0000-4000-8000-000000000001"

TICKER: Json = {
    "time": "2026-10-01T12:00:00.123Z",
    "index": 100012.5,
    "lastPrice": 100000,
    "fundingRate": 0.0001,
    "fundingTime": "2026-10-01T16:00:00.000Z",
    "prices": [
        {"minSize": 0, "maxSize": 100000, "askPrice": 100005, "bidPrice": 99995},
        {"minSize": 100000, "maxSize": 500000, "askPrice": 100010, "bidPrice": 99990},
    ],
    "priceChange24h": {"ratio": 0.0123, "updatedAt": "2026-10-01T11:59:00.000Z"},
    "exchangesWeights": {"bybit": 0.4, "binance": 0.4, "okx": 0.2},
}

ACCOUNT: Json = {
    "id": "0f5c9a0e-3f7d-4d6c-8a3e-1f6f3b7d2c11",
    "username": "satoshi",
    "email": None,
    "balance": 897900,
    "syntheticUsdBalance": 199.95,
    "feeTier": 0,
    "linkingPublicKey": "02aabb",
}

RUNNING: Json = {
    "id": TRADE_ID,
    "type": "market",
    "side": "buy",
    "openingFee": 1000,
    "closingFee": 0,
    "maintenanceMargin": 1100,
    "quantity": 1000,
    "margin": 100000,
    "leverage": 10,
    "price": 100000,
    "liquidation": 90909,
    "stoploss": 95000,
    "stoplossTrailingDistance": 0,
    "takeprofit": 0,
    "exitPrice": None,
    "pl": 9901,
    "createdAt": "2026-10-01T12:00:00.000Z",
    "filledAt": "2026-10-01T12:00:00.000Z",
    "closedAt": None,
    "entryPrice": 100000,
    "entryMargin": 100000,
    "open": False,
    "running": True,
    "canceled": False,
    "closed": False,
    "sumFundingFees": 0,
    "sumCashInPl": 0,
    "sumCashInMargin": 0,
    "clientId": None,
}

OPEN: Json = {
    **RUNNING,
    "id": "5c1f3f7e-7a9c-4a5e-9b0a-2f5f0a6f7c11",
    "type": "limit",
    "openingFee": 0,
    "maintenanceMargin": 2,
    "quantity": 1,
    "margin": 10,
    "leverage": 100,
    "liquidation": 99010,
    "stoploss": 0,
    "pl": 0,
    "filledAt": None,
    "entryMargin": 10,
    "open": True,
    "running": False,
    "clientId": "test-client-id",
}

CLOSED: Json = {
    **RUNNING,
    "closingFee": 909,
    "exitPrice": 110000,
    "pl": 90909,
    "closedAt": "2026-10-01T13:00:00.000Z",
    "running": False,
    "closed": True,
}

CANCELED: Json = {**OPEN, "open": False, "canceled": True, "closedAt": "2026-10-01T13:00:00.000Z"}

CROSS: Json = {
    "id": "77b2",
    "quantity": 1000,
    "leverage": 10,
    "margin": 499000,
    "entryPrice": 100000,
    "liquidation": 66778,
    "initialMargin": 100000,
    "runningMargin": 100000,
    "maintenanceMargin": 1500,
    "totalPl": 9901,
    "deltaPl": 9901,
    "tradingFees": 1000,
    "fundingFees": 0,
    "updatedAt": "2026-10-01T12:00:00.000Z",
}

FLAT: Json = {
    **CROSS,
    "quantity": 0,
    "entryPrice": None,
    "liquidation": None,
    "initialMargin": 0,
    "runningMargin": 0,
    "maintenanceMargin": 0,
    "totalPl": 0,
    "deltaPl": 0,
}

CROSS_OPEN: Json = {
    "id": "91c4",
    "type": "limit",
    "side": "buy",
    "quantity": 100,
    "price": 95000,
    "tradingFee": 0,
    "createdAt": "2026-10-01T12:00:00.000Z",
    "filledAt": None,
    "canceledAt": None,
    "open": True,
    "filled": False,
    "canceled": False,
    "clientId": None,
}

CROSS_FILLED: Json = {
    **CROSS_OPEN,
    "id": "91c5",
    "type": "market",
    "quantity": 1000,
    "price": 100000,
    "tradingFee": 1000,
    "filledAt": "2026-10-01T12:00:00.000Z",
    "open": False,
    "filled": True,
}

CROSS_CANCELED: Json = {
    **CROSS_OPEN,
    "open": False,
    "canceled": True,
    "canceledAt": "2026-10-01T12:00:00.000Z",
}

TIME: Json = {"time": "2026-10-01T12:00:00.000Z"}


def page(*rows: Json, cursor: str | None = None) -> Json:
    """Return a page of rows."""
    return {"data": list(rows), "nextCursor": cursor}
