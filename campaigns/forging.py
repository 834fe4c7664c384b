"""Tokens that somebody changed: a hundred thousand of each kind, and none may be taken.

A token is changed by a character or several, cut, joined with another, signed by another key, or
written otherwise; those for programs are also taken apart and put together again without the key.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from random import Random

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.support.sessions import SignIns, refresh_of

from axisor.errors import FieldInvalid, SessionOver, TokenInvalid
from axisor.tokens import ApiToken, attenuate, bounds_of, mint, parse
from axisor_server.domain.sessions import Device
from axisor_server.services.principals import Peer, owner
from campaigns.report import Figures, Report

TITLE = "forged tokens"
FORGERIES = {Figures.QUICK: 5_000, Figures.FULL: 100_000}
NARROWINGS = {Figures.QUICK: 2_000, Figures.FULL: 10_000}
ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.~=+/ \n\x00é"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CAVEATS = (
    "read_only=true",
    "propose_only=true",
    "accounts=main",
    "accounts=main,spare",
    "permissions=read,trade",
    "exp=1900000000",
    "exp=2000000000",
    "cidr=192.0.2.0/24",
    "max_sats_per_day=1000",
    "methods=axisor.v1.MarginService/AddMargin",
    "plugin=bot",
    "tenant=local",
    "audience=axisor/core",
)


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Forge tokens of each kind, and narrow some in every order."""
    report = Report(name="forging", title=TITLE, figures=figures, seed=seed)
    die, count = Random(seed), FORGERIES[figures]
    core = SignIns()
    await core.store.open()
    issued = [await core.open() for _ in range(4)]
    access = [one.access.reveal() for one in issued]
    refresh = [refresh_of(one) for one in issued]
    bots = [await core.token(owner(), *die.sample(CAVEATS[:8], 3)) for _ in range(4)]
    taken = {
        "access tokens taken": await _access(core, access, die, count),
        "refresh tokens taken": await _refresh(core, refresh, die, count),
        "tokens for programs taken": await _programs(core, bots, die, count),
        "narrowings that widened": _widened(die, NARROWINGS[figures]),
    }
    for name, found in taken.items():
        report.none(name, found)
    report.tell("forgeries of each kind", count)
    report.tell("narrowings", NARROWINGS[figures])
    for text in access:
        await core.verifier.check(text)  # the real ones are taken still
    for text in bots:
        await core.tokens.check(text)
    await core.store.close()
    return report


def changed(texts: list[str], die: Random) -> str:
    """Return a text that is none of the real ones, made of one or two of them."""
    text = die.choice(texts)
    at, upto = sorted(die.randrange(len(text) + 1) for _ in range(2))
    ways: tuple[Callable[[], str], ...] = (
        lambda: text[:at] + die.choice(ALPHABET) + text[at + 1 :],
        lambda: text[:at] + die.choice(ALPHABET) + text[at:],
        lambda: text[:at] + text[at + 1 :],
        lambda: text[:at] + text[upto:],
        lambda: text[:at] + text[at:upto] * 2 + text[upto:],
        lambda: text[:at] + die.choice(texts)[at:],
        lambda: text[:at] + text[at:upto].swapcase() + text[upto:],
        lambda: text + die.choice(ALPHABET),
        lambda: die.choice(ALPHABET) + text,
    )
    made = die.choice(ways)()
    return changed(texts, die) if made in texts else made


def signed(texts: list[str], die: Random) -> str:
    """Return an access token whose claims were changed and signed by a key of the forger's."""
    head, body, _ = die.choice(texts).split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    name = die.choice(sorted(claims))
    claims[name] = die.choice(["", "eve", 0, 2**40, None, ["admin"]])
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()
    signature = base64.urlsafe_b64encode(KEY.sign(f"{head}.{part}".encode())).rstrip(b"=")
    return f"{head}.{part}.{signature.decode()}"


def rebuilt(texts: list[str], die: Random) -> str:
    """Return a token for a program with other caveats and a hash of a real one."""
    token = parse(die.choice(texts))
    caveats = list(token.caveats)
    way = die.randrange(4)
    if way == 0:
        del caveats[die.randrange(len(caveats))]
    elif way == 1:
        caveats.insert(die.randrange(len(caveats) + 1), die.choice(CAVEATS))
    elif way == 2:
        caveats[die.randrange(len(caveats))] = "permissions=admin"
    else:
        caveats.reverse()
    if tuple(caveats) == token.caveats:
        return rebuilt(texts, die)
    return ApiToken(token.id, tuple(caveats), token.mac).text()


async def _access(core: SignIns, texts: list[str], die: Random, count: int) -> list[str]:
    taken = []
    for turn in range(count):
        text = changed(texts, die) if turn % 5 else signed(texts, die)
        try:
            await core.verifier.check(text)
        except (TokenInvalid, SessionOver):
            continue
        taken.append(text)
    return taken


async def _refresh(core: SignIns, texts: list[str], die: Random, count: int) -> list[str]:
    taken = []
    for _ in range(count):
        text = changed(texts, die)
        try:
            await core.sessions.refresh(text, Device())
        except TokenInvalid:
            continue
        except SessionOver:
            pass
        taken.append(text)
    return taken


async def _programs(core: SignIns, texts: list[str], die: Random, count: int) -> list[str]:
    taken = []
    for turn in range(count):
        text = changed(texts, die) if turn % 2 else rebuilt(texts, die)
        try:
            await core.token_door.principal(text, Peer(address="192.0.2.7"))
        except TokenInvalid:
            continue
        taken.append(text)
    return taken


def _widened(die: Random, count: int) -> list[str]:
    widened = []
    for _ in range(count):
        wide = mint("t", bytes(32), die.choices(CAVEATS, k=die.randrange(5)))
        narrow = attenuate(wide, *die.choices(CAVEATS, k=die.randrange(1, 5)))
        try:
            if not bounds_of(wide.caveats).covers(bounds_of(narrow.caveats)):
                widened.append(" ".join(narrow.caveats))
        except FieldInvalid:
            widened.append(" ".join(narrow.caveats))
    return widened
