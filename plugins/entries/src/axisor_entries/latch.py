"""Firing once until armed again."""

from __future__ import annotations

from msgspec import Struct


class Latch(Struct):
    """A switch that fires when its level is reached while it is armed, and then stays quiet.

    It is armed for the first time by being seen on the near side of its level, so that a run begun
    beyond the level does not fire at once. Afterwards it takes coming back as far as its user says.
    """

    armed: bool = False
    fired: int = 0

    def see(self, *, reached: bool, back: bool) -> bool:
        """Take one look and return whether to fire."""
        if reached:
            fires, self.armed = self.armed, False
            self.fired += fires
            return fires
        self.armed = self.armed or back or self.fired == 0
        return False
