"""A principal's rights by account, and which issuer is asked about which token."""

from __future__ import annotations

import pytest

from axisor.errors import TokenInvalid
from axisor.model import Permission
from axisor_server.domain.roles import EVERYTHING
from axisor_server.services.principals import NOBODY, Doors, Peer, Principal, owner

P = Permission
PEER = Peer(address="127.0.0.1")


class Issuer:
    """Lets everybody in under one name, until it is closed."""

    def __init__(self, principal: Principal) -> None:
        self.principal_ = principal
        self.open = True

    async def principal(self, token: str, peer: Peer) -> Principal:
        """Return the one principal."""
        return self.principal_

    async def still(self, principal: Principal) -> bool:
        """Return whether this is open."""
        return self.open


def person(**fields: object) -> Principal:
    """Return a person with a viewer's rights on one account."""
    usual: dict[str, object] = {
        "name": "people/p",
        "tenant": "p",
        "person": "p",
        "platform": P.READ | P.SELF,
        "accounts": {"mine": P.READ},
        "session": "s",
    }
    return Principal(**(usual | fields))  # type: ignore[arg-type]


def test_a_person_holds_rights_on_their_accounts_only() -> None:
    held = person()

    assert held.rights("mine") == P.READ
    assert held.rights("other") == P.NONE
    assert held.sees("mine")
    assert not held.sees("other")
    assert not held.sees_all


def test_rights_over_the_core_are_none_over_accounts() -> None:
    admin = person(platform=EVERYTHING | P.SELF, accounts={})

    assert admin.rights("any") == P.NONE
    assert admin.rights("") == EVERYTHING | P.SELF


def test_the_owner_of_the_core_holds_everything_on_every_account() -> None:
    assert owner().rights("any") == EVERYTHING
    assert owner().sees_all


def test_the_owner_token_has_no_sign_in_to_look_after() -> None:
    assert P.SELF not in owner().held


def test_support_sees_every_account_and_keeps_what_it_has_on_its_own() -> None:
    support = person(everywhere=P.READ, accounts={"mine": EVERYTHING})

    assert support.rights("other") == P.READ
    assert support.rights("mine") == EVERYTHING
    assert support.sees_all


def test_nobody_holds_nothing_and_sees_nothing() -> None:
    assert NOBODY.held == P.NONE
    assert not NOBODY.sees("any")


@pytest.mark.parametrize(
    ("token", "name"),
    [
        ("secret", "owner"),
        ("eyJhbGciOi", "people/p"),
        ("at_1.x.y", "tokens/t"),
        ("something", "plugins/q"),
    ],
)
async def test_a_token_goes_to_who_issues_its_shape(token: str, name: str) -> None:
    doors = Doors(
        is_owner="secret".__eq__,
        sessions=Issuer(person()),
        tokens=Issuer(person(name="tokens/t", session="", token="t")),
        others=Issuer(person(name="plugins/q", session="")),
    )

    assert (await doors.principal(token, PEER)).name == name


@pytest.mark.parametrize("token", ["eyJhbGciOi", "at_1.x.y", "something", ""])
async def test_a_token_that_nobody_issues_is_refused(token: str) -> None:
    doors = Doors(is_owner="secret".__eq__)

    with pytest.raises(TokenInvalid):
        await doors.principal(token, PEER)


async def test_an_owner_token_that_looks_like_another_is_the_owners() -> None:
    doors = Doors(is_owner="at_secret".__eq__, tokens=Issuer(person()))

    assert (await doors.principal("at_secret", PEER)).name == "owner"


async def test_whoever_issued_a_token_says_whether_it_still_holds() -> None:
    sessions, tokens = Issuer(person()), Issuer(person(token="t"))
    doors = Doors(is_owner="secret".__eq__, sessions=sessions, tokens=tokens)
    sessions.open = False

    assert not await doors.still(person())
    assert await doors.still(person(token="t"))
    assert await doors.still(owner())


async def test_a_caller_that_no_issuer_knows_is_not_let_stay() -> None:
    doors = Doors(is_owner="secret".__eq__)

    assert not await doors.still(person())
    assert not await doors.still(person(session="", token="t"))
    assert not await doors.still(person(session=""))
