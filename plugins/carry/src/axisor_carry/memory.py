"""What was said and asked before the present settlement, and the position that collects."""

from __future__ import annotations

from datetime import datetime

from msgspec import field

from axisor.strategy import Memory


class CarryMemory(Memory):
    """`due` is the settlement that `told` and `asked` belong to; `asked` holds positions by id.

    `mine` is the client id of the position that collects, `until` when it is to be closed,
    `closing` says that this was asked for, `retry_at` when what was refused is asked for again.
    """

    due: datetime | None = None
    told: bool = False
    asked: list[str] = field(default_factory=list)
    collected: datetime | None = None
    mine: str = ""
    until: datetime | None = None
    closing: bool = False
    retry_at: datetime | None = None

    def turn(self, due: datetime | None) -> None:
        """Begin anew when another settlement comes next."""
        if due is not None and due != self.due:
            self.due, self.told, self.asked = due, False, []

    def let_go(self) -> None:
        """Forget the position that collects."""
        self.mine, self.until, self.closing = "", None, False
