"""What caveats allow: each narrows, none widens, and one that is not understood allows nothing.

A caveat is `name=value`. Of several with one name all hold.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable
from typing import TypeAlias

from msgspec import Struct, structs

from axisor.errors import FieldInvalid
from axisor.model import Permission

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

ALL = (
    Permission.READ
    | Permission.TRADE
    | Permission.ADJUST_MARGIN
    | Permission.GUARD
    | Permission.OPERATE
    | Permission.ADMIN
)
"""What a token can hold; never a right over secrets, nor over a person's own sign-in."""

MOST_SATS = 21 * 10**14
LATEST_S = 253_402_300_799
"""The end of the year 9999."""

_WORD = re.compile(r"[a-z0-9-]{1,64}")
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./_-]{0,127}")
_METHOD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,100}/[A-Za-z][A-Za-z0-9]{0,60}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")


class Bounds(Struct, frozen=True, kw_only=True):
    """What all caveats of a token together leave; None is no bound.

    `methods` are paths such as `axisor.v1.MarginService/AddMargin`. Of `networks` each group must
    hold the caller's address. A set that is empty leaves nothing. `propose_only` leaves of every
    change only that it may be proposed.
    """

    tenants: frozenset[str] | None = None
    accounts: frozenset[str] | None = None
    permissions: Permission = ALL
    methods: frozenset[str] | None = None
    until_s: int | None = None
    networks: tuple[tuple[Network, ...], ...] = ()
    sats_per_day: int | None = None
    propose_only: bool = False
    plugins: frozenset[str] | None = None
    audiences: frozenset[str] | None = None

    def admits(self, address: str) -> bool:
        """Return whether a caller may come from an address; one that is not known may not."""
        if not self.networks:
            return True
        try:
            found = ipaddress.ip_address(address)
        except ValueError:
            return False
        mapped = getattr(found, "ipv4_mapped", None)
        told = found if mapped is None else mapped
        return all(any(told in network for network in group) for group in self.networks)

    def covers(self, other: Bounds) -> bool:
        """Return whether all that another leaves is left by this too."""
        return (
            _within(other.tenants, self.tenants)
            and _within(other.accounts, self.accounts)
            and other.permissions & ~self.permissions == Permission.NONE
            and _within(other.methods, self.methods)
            and _sooner(other.until_s, self.until_s)
            and other.networks[: len(self.networks)] == self.networks
            and _sooner(other.sats_per_day, self.sats_per_day)
            and (other.propose_only or not self.propose_only)
            and _within(other.plugins, self.plugins)
            and _within(other.audiences, self.audiences)
        )


def caveat(name: str, *values: object) -> str:
    """Return a caveat. Raises FieldInvalid where it would not be understood."""
    made = f"{name}={','.join(map(str, values))}"
    bounds_of((made,))
    return made


def bounds_of(caveats: Iterable[str]) -> Bounds:
    """Return what caveats leave. Raises FieldInvalid where one is not understood."""
    bounds = Bounds()
    for told in caveats:
        name, equals, value = told.partition("=")
        narrow = _NARROW.get(name)
        if narrow is None or not equals:
            raise FieldInvalid(f"`{name[:32]}` is no caveat that is known here.", field="caveats")
        bounds = narrow(bounds, value)
    return bounds


def _within(inner: frozenset[str] | None, outer: frozenset[str] | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _sooner(inner: int | None, outer: int | None) -> bool:
    return outer is None or (inner is not None and inner <= outer)


def _words(name: str, value: str, form: re.Pattern[str]) -> frozenset[str]:
    words = value.split(",")
    if not all(form.fullmatch(word) for word in words):
        raise FieldInvalid(f"The caveat `{name}` cannot be read.", field="caveats")
    return frozenset(words)


def _both(one: frozenset[str] | None, other: frozenset[str]) -> frozenset[str]:
    return other if one is None else one & other


def _number(name: str, value: str, most: int) -> int:
    if not _NUMBER.fullmatch(value) or int(value) > most:
        raise FieldInvalid(f"The caveat `{name}` is no number of its kind.", field="caveats")
    return int(value)


def _tenant(bounds: Bounds, value: str) -> Bounds:
    return structs.replace(bounds, tenants=_both(bounds.tenants, _words("tenant", value, _WORD)))


def _accounts(bounds: Bounds, value: str) -> Bounds:
    found = _words("accounts", value, _WORD)
    return structs.replace(bounds, accounts=_both(bounds.accounts, found))


def _permissions(bounds: Bounds, value: str) -> Bounds:
    allowed = Permission.NONE
    for word in value.split(","):
        held = Permission.__members__.get(word.upper()) if word == word.lower() else None
        if held is None or held not in ALL or held is Permission.NONE:
            raise FieldInvalid(f"`{word[:32]}` is no right of a token.", field="caveats")
        allowed |= held
    return structs.replace(bounds, permissions=bounds.permissions & allowed)


def _methods(bounds: Bounds, value: str) -> Bounds:
    found = _words("methods", value, _METHOD)
    return structs.replace(bounds, methods=_both(bounds.methods, found))


def _exp(bounds: Bounds, value: str) -> Bounds:
    until = _number("exp", value, LATEST_S)
    sooner = until if bounds.until_s is None else min(until, bounds.until_s)
    return structs.replace(bounds, until_s=sooner)


def _cidr(bounds: Bounds, value: str) -> Bounds:
    try:
        group = tuple(ipaddress.ip_network(part) for part in value.split(","))
    except ValueError:
        raise FieldInvalid("The caveat `cidr` names no network.", field="caveats") from None
    return structs.replace(bounds, networks=(*bounds.networks, group))


def _sats(bounds: Bounds, value: str) -> Bounds:
    most = _number("max_sats_per_day", value, MOST_SATS)
    less = most if bounds.sats_per_day is None else min(most, bounds.sats_per_day)
    return structs.replace(bounds, sats_per_day=less)


def _read_only(bounds: Bounds, value: str) -> Bounds:
    if value != "true":
        raise FieldInvalid("The caveat `read_only` is `true` or not there.", field="caveats")
    return structs.replace(bounds, permissions=bounds.permissions & Permission.READ)


def _propose_only(bounds: Bounds, value: str) -> Bounds:
    if value != "true":
        raise FieldInvalid("The caveat `propose_only` is `true` or not there.", field="caveats")
    return structs.replace(bounds, propose_only=True)


def _plugin(bounds: Bounds, value: str) -> Bounds:
    return structs.replace(bounds, plugins=_both(bounds.plugins, _words("plugin", value, _WORD)))


def _audience(bounds: Bounds, value: str) -> Bounds:
    found = _words("audience", value, _PLACE)
    return structs.replace(bounds, audiences=_both(bounds.audiences, found))


_NARROW: dict[str, Callable[[Bounds, str], Bounds]] = {
    "tenant": _tenant,
    "accounts": _accounts,
    "permissions": _permissions,
    "methods": _methods,
    "exp": _exp,
    "cidr": _cidr,
    "max_sats_per_day": _sats,
    "read_only": _read_only,
    "propose_only": _propose_only,
    "plugin": _plugin,
    "audience": _audience,
}

NAMES = tuple(_NARROW)
"""Every caveat that is known."""
