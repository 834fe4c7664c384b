"""What a page calls to sign in and out. Tokens stay here; the page gets a cookie it cannot read."""

from __future__ import annotations

from typing import Any

from google.protobuf.message import Message
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from axisor.client.calls import new_request_id
from axisor.errors import AxisorError, PermissionDenied, Unauthenticated
from axisor.ports import Secret
from axisor_web.answers import answer, refusal
from axisor_web.calls import Core, Credential, bearer
from axisor_web.contract import Method, find
from axisor_web.doors import Doors
from axisor_web.sessions import BEGUN, COOKIE, Session, Sessions, Tokens
from axisor_web.transcode import encoded, json_of, parsed, request_of

MOST_BODY = 64 * 1024
RETURN = "/login/return"
"""Our page that a provider sends browsers back to."""

SIGN_INS = frozenset({"login", "answerChallenge", "finishExternalSignIn", "pollDeviceSignIn"})
TOKEN_BEARING = frozenset(
    {"Login", "AnswerChallenge", "Refresh", "StepUp", "FinishExternalSignIn", "PollDeviceSignIn"}
)
"""Methods of AuthService that answer with tokens. A page reaches them through a session alone."""


class Browser:
    """The sign-in of browsers at one core."""

    def __init__(self, core: Core, sessions: Sessions, doors: Doors) -> None:
        self._core = core
        self._sessions = sessions
        self._doors = doors

    def session(self, request: Request) -> Session | None:
        """Return the session of a request that has a cookie and nothing better."""
        cookie = request.cookies.get(COOKIE, "")
        return self._sessions.find(cookie) if cookie else None

    def credential(self, session: Session, expect_mode: str = "", address: str = "") -> Credential:
        """Return what a session calls a core with; it renews itself."""

        async def renew(held: Secret) -> Secret | None:
            return await self._sessions.renew(session, held, self._refresh)

        return Credential(session.tokens.access, renew, expect_mode, address)

    async def sign_in(self, request: Request) -> Response:
        """Sign in by one of AuthService's ways. A challenge is given back as it is."""
        verb = request.path_params["verb"]
        if verb not in SIGN_INS:
            return _refused(PermissionDenied(f"{verb} is no way to sign in."))
        self._from_our_page(request)
        sent = await body(request)
        if verb == "finishExternalSignIn":
            sent = self._with_handle(request, sent)
        outcome = await self._call(verb, sent, nobody(request))
        tokens = _signed_in(outcome)
        if tokens is None:
            return answer(json_of(outcome), {})
        return self._opened(*self._sessions.begin(tokens))

    async def begin_external(self, request: Request) -> Response:
        """Begin a sign-in at a provider, which sends the browser back to our page for that.

        The handle that finishes it stays here; the page gets the address to go to, and a cookie.
        """
        self._from_our_page(request)
        said = parsed(await body(request))
        provider = said.get("provider") if isinstance(said, dict) else None
        back = request.headers["origin"] + RETURN
        sent = encoded({"provider": provider, "redirectUri": back})
        begun = dict(json_of(await self._call("beginExternalSignIn", sent, nobody(request))))
        cookie = self._sessions.hold(Secret(begun.pop("handle")))
        response = answer(begun, {})
        _set(response, BEGUN, cookie)
        return response

    async def link(self, request: Request) -> Response:
        """Give whoever shows a token that the core takes an address that signs in with it, once.

        The session may what the token may, for as long as the token is good. A page's session
        makes no link: it has no token to show.
        """
        token = bearer(request.headers.get("authorization", ""))
        if token is None:
            raise Unauthenticated("A link is made for whoever shows a token.")
        credential = Credential(token, address=address_of(request))
        route, method = _method("GET", "/v1/core/status")
        await self._core.call(method, request_of(method, route, {}, (), b""), credential)
        lasts_s = self._sessions.terms.link_s
        code = self._sessions.entry(Tokens(token), lasts_s)
        return answer({"path": f"/enter#{code}", "seconds": int(lasts_s)}, {})

    async def enter(self, request: Request) -> Response:
        """Open the session of a code that the bridge printed where it runs, or made as a link."""
        self._from_our_page(request)
        said = parsed(await body(request))
        code = said.get("code") if isinstance(said, dict) else None
        return self._opened(*self._sessions.enter(code if isinstance(code, str) else ""))

    async def step_up(self, request: Request) -> Response:
        """Prove once more who it is; the session goes on with the token that says so."""
        session = self._inside(request)
        outcome = await self._call("stepUp", await body(request), self.credential(session))
        access = Secret(outcome.access_token)  # type: ignore[attr-defined]
        session.tokens = Tokens(access, session.tokens.refresh)
        return answer({"csrf": session.csrf}, {})

    async def look(self, request: Request) -> Response:
        """Say whether somebody is signed in, and the word that changes need."""
        session = self.session(request)
        if session is None:
            return answer({"signedIn": False}, {})
        self._doors.admit(request.method, request.headers, session)
        return answer({"signedIn": True, "csrf": session.csrf}, {})

    async def sign_out(self, request: Request) -> Response:
        """End the session, here and at the core."""
        session = self._inside(request)
        self._sessions.end(request.cookies[COOKIE])
        if session.tokens.refresh is not None:
            sent = encoded({"requestId": new_request_id()})
            await self._call("logout", sent, self.credential(session))
        response = answer({"signedIn": False}, {"clear-site-data": '"cookies", "storage"'})
        response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="strict")
        return response

    def _with_handle(self, request: Request, sent: bytes) -> bytes:
        handle = self._sessions.held(request.cookies.get(BEGUN, ""))
        said = parsed(sent)
        if handle is None or not isinstance(said, dict):
            return sent
        return encoded({"handle": handle.reveal(), **said})

    def _inside(self, request: Request) -> Session:
        session = self.session(request)
        if session is None:
            raise Unauthenticated("Nobody is signed in.")
        self._doors.admit(request.method, request.headers, session)
        return session

    def _from_our_page(self, request: Request) -> None:
        """A sign-in from a stranger's page would put its visitor into a stranger's account."""
        self._doors.admit_socket(request.headers)

    def _opened(self, cookie: str, session: Session) -> Response:
        response = answer({"signedIn": True, "csrf": session.csrf}, {})
        _set(response, COOKIE, cookie)
        return response

    async def _refresh(self, refresh: Secret) -> Tokens:
        sent = encoded({"refreshToken": refresh.reveal()})
        tokens = _signed_in(await self._call("refresh", sent, Credential()))
        assert tokens is not None, "that is what a refresh answers with"
        return tokens

    async def _call(self, verb: str, sent: bytes, credential: Credential) -> Message:
        route, method = _auth(verb)
        request = request_of(method, route, {}, (), sent)
        outcome, _ = await self._core.call(method, request, credential)
        return outcome


def address_of(connection: HTTPConnection) -> str:
    """Return whose address a connection came from, empty where there is none."""
    return "" if connection.client is None else connection.client.host


def nobody(request: Request) -> Credential:
    """Return what a call goes with that needs no token: where it came from."""
    return Credential(address=address_of(request))


async def body(request: Request, most: int = MOST_BODY) -> bytes:
    """Return a request's body. Raises PermissionDenied for one that is too long."""
    found = bytearray()
    async for chunk in request.stream():
        found += chunk
        if len(found) > most:
            raise PermissionDenied(f"A body may have {most:,} bytes.")
    return bytes(found)


def _auth(verb: str) -> tuple[Any, Method]:
    return _method("POST", f"/v1/auth:{verb}")


def _method(verb: str, path: str) -> tuple[Any, Method]:
    found = find(verb, path)
    assert found is not None, "the contract has this method"
    return found[0], found[1]


def _signed_in(outcome: Message) -> Tokens | None:
    """Return the tokens of an answer, None where it has none: a challenge, or to wait."""
    if "signed_in" not in outcome.DESCRIPTOR.fields_by_name or not outcome.HasField("signed_in"):
        return None
    signed = outcome.signed_in  # type: ignore[attr-defined]
    return Tokens(Secret(signed.access_token), Secret(signed.refresh_token))


def _set(response: Response, name: str, cookie: str) -> None:
    response.set_cookie(name, cookie, path="/", secure=True, httponly=True, samesite="strict")


def _refused(error: AxisorError) -> Response:
    return refusal(error).response()
