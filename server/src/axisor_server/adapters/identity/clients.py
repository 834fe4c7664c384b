"""What OpenID Connect and GitHub have in common: a client at a provider, its codes and devices."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlencode, urlsplit

from msgspec import Struct

from axisor.errors import FieldInvalid, IdentityRefused
from axisor.ports import Secret
from axisor_server.adapters.identity.web import TIMEOUT_S, Answer, Web, is_safe
from axisor_server.domain.identities import Asked, DeviceCode, NotYet, challenge_of
from axisor_server.domain.people import plain_email

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
LONGEST = 2_048
LONGEST_TYPED = 64
LONGEST_NAME = 64
PAUSES_S = (1, 60)

_WAITING = {"authorization_pending": NotYet(), "slow_down": NotYet(slower=True)}
_OURS = frozenset(("invalid_client", "unauthorized_client", "unsupported_grant_type"))
"""Errors that no person can cause: whoever runs the core set the client up otherwise."""


class Registered(Struct, frozen=True, kw_only=True):
    """A core as a provider knows it: by an id, and by a secret where it has one."""

    name: str
    issuer: str
    client_id: str
    secret: Secret | None = None
    devices: bool = False
    proxy: str = ""
    timeout_s: float = TIMEOUT_S


class Endpoints(Struct, frozen=True, kw_only=True):
    """Where a provider is asked; `basic` says how a client shows its secret."""

    authorize: str
    token: str
    device: str = ""
    basic: bool = True


def authorize_uri(endpoints: Endpoints, at: Registered, ask: Asked, more: Mapping[str, str]) -> str:
    """Return where a browser is sent, with PKCE (RFC 7636) and whatever more a provider takes."""
    query = {
        "response_type": "code",
        "client_id": at.client_id,
        "redirect_uri": ask.redirect,
        "state": ask.state,
        "code_challenge": challenge_of(ask.verifier),
        "code_challenge_method": "S256",
        **more,
    }
    joint = "&" if urlsplit(endpoints.authorize).query else "?"
    return f"{endpoints.authorize}{joint}{urlencode(query)}"


async def redeem(web: Web, endpoints: Endpoints, at: Registered, code: str, ask: Asked) -> Answer:
    """Return what a provider gives for a code. Raises IdentityRefused, ProviderUnavailable."""
    answer = await _post(
        web,
        endpoints.token,
        endpoints,
        at,
        {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": ask.redirect,
            "code_verifier": ask.verifier,
        },
    )
    return _granted(web, at, answer)


async def begin_device(web: Web, endpoints: Endpoints, at: Registered, scope: str) -> DeviceCode:
    """Return a code to be typed on another device. Raises ProviderUnavailable."""
    if not endpoints.device or not at.devices:
        raise FieldInvalid(
            f"The provider {at.name} is not asked by a code on another device.",
            fix="Sign in with a browser, or set `device` for this provider.",
            field="provider",
        )
    answer = await _post(web, endpoints.device, endpoints, at, {"scope": scope})
    typed, uri = answer.text("user_code"), answer.text("verification_uri")
    # Google says `verification_url`, as drafts of RFC 8628 did.
    uri, whole = uri or answer.text("verification_url"), answer.text("verification_uri_complete")
    secret, pause = answer.text("device_code"), answer.body.get("interval", PAUSES_S[0] * 5)
    shown = 0 < len(typed) <= LONGEST_TYPED and typed.isascii() and typed.isprintable()
    safe = is_safe(uri) and len(uri) <= LONGEST and len(whole) <= LONGEST
    if not shown or not safe or not 0 < len(secret) <= LONGEST or not isinstance(pause, int):
        raise web.broken(answer.text("error")[:LONGEST_TYPED] or "no device code")
    return DeviceCode(
        secret=secret,
        typed=typed,
        uri=uri,
        uri_complete=whole if is_safe(whole) else "",
        pause_s=min(max(pause, PAUSES_S[0]), PAUSES_S[1]),
    )


async def poll_device(
    web: Web, endpoints: Endpoints, at: Registered, secret: str
) -> Answer | NotYet:
    """Return what a provider gives for a device code, once the person has typed it.

    Raises IdentityRefused, ProviderUnavailable.
    """
    form = {"grant_type": DEVICE_GRANT, "device_code": secret}
    answer = await _post(web, endpoints.token, endpoints, at, form)
    return _WAITING.get(answer.text("error")) or _granted(web, at, answer)


def verified_email(at: Registered, email: str | None, *, verified: bool) -> str:
    """Return an address that a provider vouches for. Raises IdentityRefused."""
    if not email or not verified:
        raise IdentityRefused(
            "The provider vouches for no e-mail address of this person.",
            fix="Verify the address there, then begin again.",
            provider=at.name,
            cause="email",
        )
    try:
        return plain_email(email)
    except FieldInvalid:
        raise IdentityRefused(provider=at.name, cause="email") from None


def title_of(name: object) -> str:
    """Return what a provider calls a person, without what is not to be seen; empty for nothing."""
    if not isinstance(name, str):
        return ""
    return "".join(sign for sign in name if sign.isprintable()).strip()[:LONGEST_NAME]


async def _post(
    web: Web, url: str, endpoints: Endpoints, at: Registered, form: Mapping[str, str]
) -> Answer:
    fields = {"client_id": at.client_id, **form}
    if at.secret is None:
        return await web.post(url, fields)
    if endpoints.basic:
        return await web.post(
            url, form, client=(_quoted(at.client_id), _quoted(at.secret.reveal()))
        )
    return await web.post(url, {**fields, "client_secret": at.secret.reveal()})


def _quoted(text: str) -> str:
    """Return a text as RFC 6749 2.3.1 has it within Basic."""
    return urlencode({"": text})[1:]


def _granted(web: Web, at: Registered, answer: Answer) -> Answer:
    error = answer.text("error")
    if error in _OURS:
        raise web.broken(error)
    if error or answer.status != 200 or not answer.text("access_token"):
        raise IdentityRefused(
            provider=at.name, cause=error[:64] if error.isidentifier() else "code"
        )
    return answer
