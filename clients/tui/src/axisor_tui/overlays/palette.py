"""Finds any action of the console by typing a part of what it does."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider

from axisor_tui import keymap

if TYPE_CHECKING:
    from axisor_tui.app import Console


class Commands(Provider):
    """Offers the actions that hold on the screen below, with their keys."""

    @property
    def _console(self) -> Console:
        return cast("Console", self.app)

    async def discover(self) -> Hits:
        """Offer all of them before anything is typed."""
        for title, id in self._offers():
            yield DiscoveryHit(title, lambda id=id: self._console.act(id))

    async def search(self, query: str) -> Hits:
        """Offer those that fit."""
        matcher = self.matcher(query)
        for title, id in self._offers():
            score = matcher.match(title)
            if score > 0:
                shown = matcher.highlight(title)
                yield Hit(score, shown, lambda id=id: self._console.act(id))

    def _offers(self) -> list[tuple[str, str]]:
        chosen = self._console.settings.keymap
        return [
            (f"{each.label}  ({keymap.written(keymap.keys(each, chosen))})", each.id)
            for each in self._console.offered()
            if each.scope != keymap.LISTS and each.name != "palette"
        ]
