"""Who may come in from a browser.

A request with a cookie must come from our own pages: its origin is ours, and one that changes
something carries the word that only our pages know. A request with a token in a header needs
neither, because no browser sends one by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from axisor.errors import PermissionDenied
from axisor_web.sessions import CSRF_HEADER, Session, same

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OURS = frozenset({"same-origin", "none"})


class Doors:
    """The origins that this bridge answers to: its own, and those of its settings."""

    def __init__(self, own: Iterable[str], *, others: Iterable[str] = ()) -> None:
        """Take the origins by which browsers know this bridge, and others that are allowed.

        An origin is `scheme://host:port`, without the port where it is the scheme's usual one.
        """
        self._own = frozenset(origin.lower().rstrip("/") for origin in own)
        self._hosts = frozenset(origin.partition("://")[2] for origin in self._own)
        self._others = frozenset(origin.lower().rstrip("/") for origin in others)

    def known(self, host: str) -> bool:
        """Return whether a `host` header names this bridge: a rebound name does not."""
        return host.lower() in self._hosts

    def allows(self, origin: str) -> bool:
        """Return whether another origin may read answers to requests with a token."""
        return origin.lower() in self._others

    def admit(self, verb: str, headers: Mapping[str, str], session: Session) -> None:
        """Let a request with a cookie in. Raises PermissionDenied."""
        site = headers.get("sec-fetch-site", "")
        if site and site not in OURS:
            _refuse("The request came from another site.")
        origin = headers.get("origin", "")
        if origin and origin.lower() not in self._own:
            _refuse("The request came from a page of another origin.")
        if verb in SAFE:
            return
        if not origin:
            _refuse("A browser did not say which page the request came from.")
        if not same(headers.get(CSRF_HEADER, ""), session.csrf):
            _refuse(f"The request lacks the page's own word in the header {CSRF_HEADER}.")

    def admit_socket(self, headers: Mapping[str, str]) -> None:
        """Let a socket with a cookie in: its page must be ours. Raises PermissionDenied."""
        origin = headers.get("origin", "")
        if not origin or origin.lower() not in self._own:
            _refuse("The socket was opened by a page of another origin.")


def _refuse(why: str) -> NoReturn:
    raise PermissionDenied(
        why,
        money="Nothing was sent to the core, so nothing changed.",
        fix="Open the page anew from the bridge's own address.",
    )
