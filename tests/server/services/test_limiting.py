"""Calls counted by address, caller and kind, and whose address it is behind proxies."""

from __future__ import annotations

import pytest

from axisor.errors import PlanLimit, RateLimited, SettingsInvalid
from axisor.model import Permission
from axisor.wire.status import retry_after
from axisor_server.adapters.limiters import LocalLimiter
from axisor_server.adapters.memory import VirtualClock
from axisor_server.domain.plans import Plan
from axisor_server.domain.rates import a_minute
from axisor_server.limits import rates_of
from axisor_server.services.limiting import Limits, Sort
from axisor_server.services.principals import Peer, Principal
from axisor_server.settings import load

HERE, THERE = Peer("192.0.2.1"), Peer("192.0.2.2")
FILE = """
[limits]
address_per_min = 40
sign_in_per_min = 8
read_per_min = 40
money_per_min = 4
streams = 2
proxies = ["10.0.0.0/8", "2001:db8::/32"]
"""


def person(name: str = "people/a", **more: object) -> Principal:
    return Principal(name=name, tenant=name, platform=Permission.READ, **more)  # type: ignore[arg-type]


@pytest.fixture
def limits() -> Limits:
    settings = load(file=FILE, environment={}, flags={}).settings
    return Limits(LocalLimiter(VirtualClock()), rates_of(settings))


async def many(limits: Limits, principal: Principal, sort: Sort) -> int:
    """Return how many of a hundred calls are let through."""
    found = 0
    for _ in range(100):
        try:
            await limits.admit(principal, sort)
        except (PlanLimit, RateLimited):
            continue
        found += 1
    return found


async def test_callers_and_kinds_of_calls_do_not_use_up_each_others_rate(limits: Limits):
    assert await many(limits, person(), Sort.READ) == 10
    assert await many(limits, person(), Sort.MONEY) == 1
    assert await many(limits, person("people/b"), Sort.READ) == 10


async def test_a_token_is_counted_beside_whose_it_is(limits: Limits):
    assert await many(limits, person("tokens/1", token="1"), Sort.READ) == 10
    assert await many(limits, person("people/a", token="1"), Sort.READ) == 0


async def test_an_address_is_counted_before_the_caller_is_known(limits: Limits):
    for _ in range(10):
        await limits.arrive(HERE, Sort.READ)

    with pytest.raises(RateLimited) as refused:
        await limits.arrive(HERE, Sort.READ)

    assert refused.value.metadata["limit"] == "address"
    wait = retry_after(refused.value)
    assert wait is not None
    assert wait.total_seconds() == 1.5
    await limits.arrive(THERE, Sort.READ)


async def test_calls_without_a_token_have_a_rate_of_their_own(limits: Limits):
    for _ in range(2):
        await limits.arrive(HERE, Sort.SIGN_IN)

    with pytest.raises(RateLimited) as refused:
        await limits.arrive(HERE, Sort.SIGN_IN)

    assert refused.value.metadata["limit"] == "sign-in"
    await limits.arrive(HERE, Sort.READ)


async def test_a_plan_counts_all_calls_of_a_person_but_those_that_protect(limits: Limits):
    plan = Plan(name="free", calls=a_minute(8))
    mine = {"person": "a", "plan": plan}

    assert await many(limits, person("people/a", **mine), Sort.READ) == 2
    with pytest.raises(PlanLimit) as refused:
        await limits.admit(person("tokens/1", token="1", **mine), Sort.MONEY)
    await limits.admit(person("tokens/1", token="1", **mine), Sort.MONEY, protects=True)
    await limits.admit(person("people/b", person="b", plan=plan), Sort.READ)

    assert refused.value.metadata == {
        "limit": "calls",
        "plan": "free",
        "most": "8",
        "retry_after_s": "7.500",
    }


async def test_a_plan_gives_no_more_than_everybody_has(limits: Limits):
    rich = person("people/a", person="a", plan=Plan(name="rich", calls=a_minute(4_000)))

    assert await many(limits, rich, Sort.READ) == 10


def test_streams_of_a_plan_are_given_back(limits: Limits):
    plan = Plan(name="free", streams=1)
    with limits.streaming(person("people/a", person="a", plan=plan)):
        with (
            pytest.raises(PlanLimit),
            limits.streaming(person("tokens/1", token="1", person="a", plan=plan)),
        ):
            pass
        with limits.streaming(person("people/b", person="b", plan=plan)):
            pass
    assert limits._open == {}


def test_open_streams_are_bounded_and_given_back(limits: Limits):
    with limits.streaming(person()), limits.streaming(person()):
        with pytest.raises(RateLimited), limits.streaming(person()):
            pass
        with limits.streaming(person("people/b")):
            pass
    with limits.streaming(person()):
        pass
    assert limits._open == {}


@pytest.mark.parametrize(
    ("address", "forwarded", "origin"),
    [
        ("192.0.2.1", "", "192.0.2.1"),
        ("192.0.2.1", "198.51.100.7", "192.0.2.1"),  # nobody else is believed
        ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the rest is the caller's word
        ("10.0.0.1", "198.51.100.7, 10.0.0.2", "198.51.100.7"),
        ("2001:db8::1", "198.51.100.7", "198.51.100.7"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "nonsense"),
        ("", "198.51.100.7", ""),
    ],
)
def test_only_trusted_proxies_say_whose_address_it_is(
    limits: Limits, address: str, forwarded: str, origin: str
):
    assert limits.origin(address, forwarded) == origin


@pytest.mark.parametrize("text", ['proxies=["here"]', 'proxies=["10.0.0.0/64"]'])
def test_settings_that_name_no_limit_are_refused(text: str):
    settings = load(file=f"[limits]\n{text}", environment={}, flags={}).settings

    with pytest.raises(SettingsInvalid):
        rates_of(settings)
