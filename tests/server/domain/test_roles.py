"""What each role may do, whole: a right more or less in any of them is seen here."""

from __future__ import annotations

from itertools import pairwise

import pytest

from axisor.model import Permission, PlatformRole, Role
from axisor_server.domain.roles import EVERYTHING, everywhere, on_account, on_platform

P = Permission
TRADING = P.READ | P.TRADE | P.ADJUST_MARGIN


@pytest.mark.parametrize(
    ("role", "rights"),
    [
        (Role.VIEWER, P.READ),
        (Role.TRADER, TRADING),
        (Role.OPERATOR, TRADING | P.GUARD | P.OPERATE),
        (Role.OWNER, EVERYTHING),
    ],
)
def test_a_role_on_an_account_holds_these_rights(role: Role, rights: Permission) -> None:
    assert on_account(role) == rights


@pytest.mark.parametrize(
    ("role", "core", "accounts"),
    [
        (PlatformRole.NONE, P.READ | P.MANAGE_SECRETS | P.SELF, P.NONE),
        (PlatformRole.SUPPORT, P.READ | P.MANAGE_SECRETS | P.SELF, P.READ),
        (
            PlatformRole.ADMIN,
            P.READ | P.MANAGE_SECRETS | P.SELF | P.OPERATE | P.ADMIN,
            P.NONE,
        ),
        (PlatformRole.OWNER, EVERYTHING | P.SELF, EVERYTHING),
    ],
)
def test_a_role_of_the_core_holds_these_rights(
    role: PlatformRole, core: Permission, accounts: Permission
) -> None:
    assert on_platform(role) == core
    assert everywhere(role) == accounts


def test_every_role_is_in_the_tables() -> None:
    assert all(on_account(role) for role in Role)
    assert all(on_platform(role) for role in PlatformRole)


def test_no_right_over_ones_own_sign_in_comes_with_an_account() -> None:
    assert not any(P.SELF in on_account(role) for role in Role)
    assert not any(P.SELF in everywhere(role) for role in PlatformRole)


@pytest.mark.parametrize("role", [PlatformRole.SUPPORT, PlatformRole.ADMIN])
def test_who_looks_after_the_core_neither_trades_nor_touches_keys(role: PlatformRole) -> None:
    forbidden = P.TRADE | P.ADJUST_MARGIN | P.GUARD | P.MANAGE_SECRETS

    assert not everywhere(role) & forbidden


def test_each_role_on_an_account_holds_all_of_the_one_before() -> None:
    ladder = [on_account(role) for role in Role]

    assert all(lower in higher for lower, higher in pairwise(ladder))
