"""The margin guard: it keeps a position's liquidation away from the price."""
