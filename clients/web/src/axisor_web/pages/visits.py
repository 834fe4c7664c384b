"""Who opened a page: their session, and a client that calls the core for them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias
from urllib.parse import parse_qsl

from msgspec import Struct
from msgspec.structs import replace
from starlette.requests import Request

from axisor.client import Client
from axisor.client.calls import Caller
from axisor.errors import FieldInvalid, Unauthenticated
from axisor.ports import Secret
from axisor_web.app import Parts
from axisor_web.browser import Browser, address_of, body
from axisor_web.calls import FORWARDED, UNARY_S
from axisor_web.doors import SAFE
from axisor_web.sessions import COOKIE, CSRF_HEADER, Session, Tokens

FORM = "application/x-www-form-urlencoded"
MOST_FIELDS = 2_000
READ_S = 4.0
"""A page is shown, or says that the core is not heard, within this time.

What changes something is waited for as long as any call: a venue that is slow has done it or not,
and "not known" is the worst answer.
"""

Renewal: TypeAlias = Callable[[Secret], Awaitable[Secret | None]]


class Visit(Struct, frozen=True):
    """One request of a person who is signed in; `ended` is set when the bridge stops.

    `said` is what a form sent without a script, None for everything else.
    """

    request: Request
    session: Session
    client: Client
    ended: asyncio.Event
    said: Mapping[str, str] | None = None


class _ForVisitor(Caller):
    """Makes calls in the name of a browser, whose address the core may want to count by."""

    address = ""

    def headers(self) -> tuple[tuple[str, str], ...]:
        """Return what goes with every call."""
        return (*super().headers(), *(((FORWARDED, self.address),) if self.address else ()))


class Visits:
    """Knows visitors by their cookie."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._sessions = parts.sessions
        self._browser = Browser(parts.core, parts.sessions, parts.doors)

    def session(self, request: Request) -> Session | None:
        """Return the session that a request comes with, None where it has none."""
        return self._browser.session(request)

    def anonymous(self) -> Client:
        """Return a client for what a core tells anybody."""
        return Client(Caller(self._parts.core.channel, timeout_s=READ_S))

    def of(self, request: Request) -> Visit:
        """Return the visit that a request is. Raises Unauthenticated and PermissionDenied."""
        return self._admitted(request, request.headers, None)

    async def sent(self, request: Request) -> Visit:
        """Return the visit of what may be a form without a script, whose fields have its word.

        Raises Unauthenticated, PermissionDenied and FieldInvalid.
        """
        if not plain(request):
            return self.of(request)
        said = form_of(await body(request))
        word = said.pop("csrf", "")
        return self._admitted(request, {**request.headers, CSRF_HEADER: word}, said)

    def _admitted(
        self, request: Request, headers: Mapping[str, str], said: Mapping[str, str] | None
    ) -> Visit:
        session = self._browser.session(request)
        if session is None:
            raise Unauthenticated("Nobody is signed in.")
        self._parts.doors.admit(request.method, headers, session)
        return Visit(request, session, self._client(request, session), self._parts.ended, said)

    def leave(self, request: Request) -> None:
        """End the session of a request here, where the core does not know it any more."""
        self._sessions.end(request.cookies.get(COOKIE, ""))

    async def proved(self, visit: Visit, password: Secret, code: Secret | None) -> Visit:
        """Have somebody prove once more who they are; return the same visit with what that gave.

        Raises SignInRefused, ProofInvalid and RateLimited.
        """
        await visit.client.users.me()  # what is secret is sent once, by a token that was not over
        access = await visit.client.auth.step_up(password, code)
        visit.session.tokens = Tokens(access, visit.session.tokens.refresh)
        return replace(visit, client=self._client(visit.request, visit.session))

    def _client(self, request: Request, session: Session) -> Client:
        renewal = self._browser.credential(session).renew
        assert renewal is not None, "a session can always be asked"
        caller = _ForVisitor(
            self._parts.core.channel,
            token=session.tokens.access,
            renew=_or_over(renewal),
            timeout_s=READ_S if request.method in SAFE else UNARY_S,
        )
        caller.address = address_of(request)
        return Client(caller)


def plain(request: Request) -> bool:
    """Return whether a form was sent by a browser itself, not by a script of ours."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return request.method == "POST" and kind == FORM


def form_of(sent: bytes) -> dict[str, str]:
    """Return the fields of a form, the last of those that come twice. Raises FieldInvalid."""
    try:
        return dict(parse_qsl(sent.decode(), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError as error:
        raise FieldInvalid("This is no form.", field="body") from error


def _or_over(renewal: Renewal) -> Callable[[Secret], Awaitable[Secret]]:
    async def renew(held: Secret) -> Secret:
        found = await renewal(held)
        if found is None:
            raise Unauthenticated("This sign-in is over.", fix="Sign in again.")
        return found

    return renew
