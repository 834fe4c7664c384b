"""Indicators that take one value at a time and whose state lives in a strategy's memory.

Each is a mutable struct: put it into a `Memory`, call `update` with every new value, and read what
it returns, None while it has seen too little. Everything is `Decimal`; equal values give equal
state in any process.
"""

from __future__ import annotations

from axisor.indicators.averages import Ema, Sma, VolumeAverage
from axisor.indicators.bands import Atr, Band, Bollinger
from axisor.indicators.candles import CandleBuilder, Gap
from axisor.indicators.momentum import Macd, MacdValue, Rsi

__all__ = [
    "Atr",
    "Band",
    "Bollinger",
    "CandleBuilder",
    "Ema",
    "Gap",
    "Macd",
    "MacdValue",
    "Rsi",
    "Sma",
    "VolumeAverage",
]
