"""An identity provider on loopback: OpenID Connect with devices, and GitHub's own way beside it.

It keeps the rules that a provider must keep (codes count once, PKCE and redirects are checked) and
consents at once for whoever `consents`. What it gets wrong, tests tell it to get wrong.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import parse_qs, parse_qsl, unquote_plus, urlencode, urlsplit

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from msgspec import Struct
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from axisor.ports import Clock

CLIENT, SECRET = "axisor-of-the-tests", "secret of the client: 100 % + more"
DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"

Claims = dict[str, Any]


class User(Struct, frozen=True, kw_only=True):
    """Somebody whom the provider knows; `number` is who they are to GitHub."""

    subject: str
    email: str
    verified: Any = True
    name: str = "Ada L."
    number: int = 4_711


ADA = User(subject="108-ada", email="Ada@Example.org")
BOB = User(subject="109-bob", email="bob@example.org", name="Bob", number=4_712)


class Given(Struct, frozen=True, kw_only=True):
    """A code that was given to a browser, and what it was asked for with."""

    user: User
    client: str
    redirect: str
    challenge: str
    nonce: str


class SigningKey:
    """A key of the provider's, by its algorithm."""

    def __init__(self, algorithm: str, kid: str, *, bits: int = 2_048) -> None:
        self.algorithm, self.kid = algorithm, kid
        self.private: Any = {
            "RS256": lambda: rsa.generate_private_key(65_537, bits),
            "ES256": lambda: ec.generate_private_key(ec.SECP256R1()),
            "EdDSA": ed25519.Ed25519PrivateKey.generate,
        }[algorithm]()

    @property
    def public(self) -> dict[str, Any]:
        """Return the JWK that verifies."""
        write: Any = {"RS256": RSAAlgorithm, "ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
        jwk: dict[str, Any] = write[self.algorithm].to_jwk(self.private.public_key(), as_dict=True)
        return {**jwk, "kid": self.kid, "use": "sig", "alg": self.algorithm}

    @property
    def pem(self) -> bytes:
        """Return the public key as a text that anybody has."""
        public = self.private.public_key()
        return bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def plain(content: bytes) -> str:
    """Return bytes as tokens write them."""
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


async def fields(request: Request) -> dict[str, Any]:
    """Return the fields of a form."""
    return dict(parse_qsl((await request.body()).decode(), keep_blank_values=True))


class Provider:
    """What the provider knows, what it is told to do, and how often it was asked what."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.url = ""
        self.consents: User | None = ADA
        self.clients: dict[str, str] = {CLIENT: SECRET}
        self.keys = [SigningKey("ES256", "first")]
        self.codes: dict[str, Given] = {}
        self.tokens: dict[str, User] = {}
        self.devices: dict[str, User | str] = {}
        self.asked: Counter[str] = Counter()
        self.discovery: Claims = {}
        self.bend: Callable[[Claims], Claims] = lambda claims: claims
        self.write: Callable[[Claims], str] = self.signed
        self.answers: dict[str, Response] = {}
        self.held: asyncio.Event | None = None
        self._made = 0

    # ------------------------------------------------------------ what tests tell it

    def rotate(self, algorithm: str = "ES256", kid: str = "next") -> None:
        """Sign by another key from now on; the ones before are gone."""
        self.keys = [SigningKey(algorithm, kid)]

    def signed(self, claims: Claims) -> str:
        """Return claims as an ID token."""
        key = self.keys[-1]
        return jwt.encode(claims, key.private, algorithm=key.algorithm, headers={"kid": key.kid})

    def unsigned(self, claims: Claims) -> str:
        """Return claims as a token without a signature."""
        return f"{self._unproved('none', claims)}."

    def by_public_key(self, claims: Claims) -> str:
        """Return claims signed by HMAC with what everybody knows, as forgers try."""
        text = self._unproved("HS256", claims)
        mac = hmac.new(self.keys[-1].pem, text.encode(), hashlib.sha256).digest()
        return f"{text}.{plain(mac)}"

    def approve(self, typed: str, user: User) -> None:
        """Type a device code, as somebody does on their telephone."""
        assert f"device-{typed}" in self.devices
        self.devices[f"device-{typed}"] = user

    # ------------------------------------------------------------ OpenID Connect

    async def discover(self, request: Request) -> Response:
        """Say where everything is."""
        usual = {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "jwks_uri": f"{self.url}/jwks",
            "userinfo_endpoint": f"{self.url}/userinfo",
            "device_authorization_endpoint": f"{self.url}/device/code",
            "response_types_supported": ["code"],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
        }
        return JSONResponse({**usual, **self.discovery})

    async def authorize(self, request: Request) -> Response:
        """Ask the person, who consents at once or refuses, and send the browser back."""
        query = request.query_params
        back = query.get("redirect_uri", "")
        host = urlsplit(back).hostname
        if query.get("client_id") not in self.clients or host not in ("127.0.0.1", "::1"):
            return JSONResponse({"error": "invalid_request"}, 400)
        said = {"state": query.get("state", "")}
        if request.url.path == "/authorize":  # GitHub does not say who it is
            said["iss"] = self.url
        hashed = query.get("code_challenge_method") == "S256" and query.get("code_challenge")
        if self.consents is None or not hashed:
            error = "access_denied" if hashed else "invalid_request"
            return RedirectResponse(f"{back}?{urlencode({**said, 'error': error})}", 302)
        code = self._new("code")
        self.codes[code] = Given(
            user=self.consents,
            client=query["client_id"],
            redirect=back,
            challenge=str(hashed),
            nonce=query.get("nonce", ""),
        )
        return RedirectResponse(f"{back}?{urlencode({**said, 'code': code})}", 302)

    async def token(self, request: Request) -> Response:
        """Give tokens for a code or a device code, once."""
        form = await fields(request)
        client = self._client(request, form)
        if client is None:
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") == DEVICE_GRANT:
            return self._for_device(str(form.get("device_code")), client)
        given = self.codes.pop(str(form.get("code")), None)
        proved = plain(hashlib.sha256(str(form.get("code_verifier", "")).encode()).digest())
        fits = given is not None and (given.client, given.redirect, given.challenge) == (
            client,
            form.get("redirect_uri"),
            proved,
        )
        if given is None or not fits:
            return JSONResponse({"error": "invalid_grant"}, 400)
        return self._give(given.user, client, {"nonce": given.nonce})

    async def jwks(self, request: Request) -> Response:
        """Show the keys."""
        return JSONResponse({"keys": [key.public for key in self.keys]})

    async def userinfo(self, request: Request) -> Response:
        """Say who holds a token."""
        user = self._bearer(request)
        if user is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse({"sub": user.subject, **self._of(user)})

    async def device(self, request: Request) -> Response:
        """Begin a sign-in that is finished elsewhere."""
        form = await fields(request)
        if self._client(request, form) is None:
            return JSONResponse({"error": "invalid_client"}, 401)
        typed = self._new("TYPE").upper()
        self.devices[f"device-{typed}"] = "authorization_pending"
        return JSONResponse(
            {
                "device_code": f"device-{typed}",
                "user_code": typed,
                "verification_uri": f"{self.url}/device",
                "expires_in": 900,
                "interval": 5,
            }
        )

    # ------------------------------------------------------------ GitHub

    async def user(self, request: Request) -> Response:
        """Say who holds a token, as GitHub does."""
        user = self._bearer(request)
        if user is None:
            return JSONResponse({"message": "Bad credentials"}, 401)
        # The address shown to everybody may be any, or none.
        return JSONResponse({"id": user.number, "login": "x", "name": user.name, "email": None})

    async def emails(self, request: Request) -> Response:
        """List the addresses of who holds a token."""
        user = self._bearer(request)
        if user is None:
            return JSONResponse({"message": "Bad credentials"}, 401)
        other = {"email": "old@example.org", "primary": False, "verified": True}
        own = {"email": user.email, "primary": True, "verified": user.verified}
        return JSONResponse([other, own])

    async def github_token(self, request: Request) -> Response:
        """Give a token as GitHub does: errors have status 200."""
        answer = await self.token(request)
        return JSONResponse(json.loads(bytes(answer.body)), 200)

    # ------------------------------------------------------------ within

    def app(self) -> Starlette:
        """Return the server."""
        both = ["GET", "POST"]
        routes = {
            "/.well-known/openid-configuration": self.discover,
            "/authorize": self.authorize,
            "/token": self.token,
            "/jwks": self.jwks,
            "/userinfo": self.userinfo,
            "/device/code": self.device,
            "/login/oauth/authorize": self.authorize,
            "/login/oauth/access_token": self.github_token,
            "/login/device/code": self.device,
            "/api/v3/user": self.user,
            "/api/v3/user/emails": self.emails,
        }
        made = [Route(path, self._asked(path, go), methods=both) for path, go in routes.items()]
        return Starlette(routes=made)

    def _asked(self, path: str, go: Any) -> Any:
        async def answer(request: Request) -> Response:
            self.asked[path] += 1
            if self.held is not None:
                await self.held.wait()
            if path in self.answers:
                return self.answers[path]
            found: Response = await go(request)
            return found

        return answer

    def _new(self, kind: str) -> str:
        self._made += 1
        return f"{kind}-{self._made}"

    def _client(self, request: Request, form: dict[str, Any]) -> str | None:
        client, secret = form.get("client_id", ""), form.get("client_secret", "")
        basic = request.headers.get("authorization", "")
        if basic.startswith("Basic "):
            pair = base64.b64decode(basic[6:]).decode().split(":")
            client, secret = map(unquote_plus, pair)
        known = self.clients.get(str(client))
        return str(client) if known is not None and known == secret else None

    def _unproved(self, algorithm: str, claims: Claims) -> str:
        head = {"alg": algorithm, "typ": "JWT", "kid": self.keys[-1].kid}
        return ".".join(plain(json.dumps(part).encode()) for part in (head, claims))

    def _bearer(self, request: Request) -> User | None:
        return self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))

    def _of(self, user: User) -> Claims:
        return {"email": user.email, "email_verified": user.verified, "name": user.name}

    def _for_device(self, code: str, client: str) -> Response:
        held = self.devices.get(code, "expired_token")
        if isinstance(held, str):
            return JSONResponse({"error": held}, 400)
        del self.devices[code]
        return self._give(held, client, {})

    def _give(self, user: User, client: str, more: Claims) -> Response:
        now = int(self.clock.now().timestamp())
        claims = {
            "iss": self.url,
            "aud": client,
            "sub": user.subject,
            "iat": now,
            "exp": now + 3_600,
            "auth_time": now,
            **self._of(user),
            **more,
        }
        token = self._new("access")
        self.tokens[token] = user
        written = self.write(self.bend(claims))
        return JSONResponse({"access_token": token, "token_type": "Bearer", "id_token": written})


class Returned(Struct, frozen=True, kw_only=True):
    """What a browser brings back from the provider."""

    code: str = ""
    state: str = ""
    issuer: str = ""
    error: str = ""


async def browse(uri: str) -> Returned:
    """Go where a sign-in sends the browser, and return what it comes back with."""
    async with httpx.AsyncClient(trust_env=False, verify=False) as browser:
        answer = await browser.get(uri)
    assert answer.status_code == 302, answer.text
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    said = {name: values[0] for name, values in query.items()}
    return Returned(
        code=said.get("code", ""),
        state=said.get("state", ""),
        issuer=said.get("iss", ""),
        error=said.get("error", ""),
    )


@asynccontextmanager
async def provider(clock: Clock) -> AsyncIterator[Provider]:
    """Run a provider for the length of an `async with`."""
    made = Provider(clock)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        made.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        config = uvicorn.Config(
            made.app(),
            lifespan="off",
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=1,
        )
        server = uvicorn.Server(config)
        # The steps of `uvicorn.Server.serve`, without its signal handlers.
        config.load()
        server.lifespan = config.lifespan_class(config)
        await server.startup(sockets=[listener])
        ticking = asyncio.create_task(server.main_loop())
        try:
            yield made
        finally:
            if made.held is not None:
                made.held.set()
            server.should_exit = True
            await ticking
            await server.shutdown(sockets=[listener])
