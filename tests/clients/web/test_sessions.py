"""Sessions end when they are old or unused, and one browser's calls renew its token once."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from axisor.errors import Unauthenticated
from axisor.ports import Secret
from axisor_web.sessions import Sessions, Terms, Tokens

TERMS = Terms(idle_s=100, most_s=1_000, most=3, entry_s=10, most_entries=3)


class Hand:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def made(clock: Hand) -> Sessions:
    numbers = itertools.count()
    return Sessions(clock, lambda: f"word-{next(numbers)}", terms=TERMS)


def tokens(word: str = "a") -> Tokens:
    return Tokens(Secret(word), Secret(f"refresh {word}"))


def test_a_session_is_found_by_its_cookie_alone():
    sessions = made(Hand())
    cookie, session = sessions.begin(tokens())

    assert sessions.find(cookie) is session
    assert sessions.find(session.csrf) is None
    assert sessions.find("") is None


def test_what_is_not_used_ends_and_what_is_used_lasts_only_so_long():
    clock = Hand()
    sessions = made(clock)
    idle, _ = sessions.begin(tokens())
    busy, _ = sessions.begin(tokens())
    for now in range(50, 1_001, 50):
        clock.now = now
        assert sessions.find(busy) is not None
    clock.now = 1_001

    assert sessions.find(idle) is None
    assert sessions.find(busy) is None


def test_the_one_that_is_unused_for_longest_makes_room():
    clock = Hand()
    sessions = made(clock)
    cookies = []
    for now in range(4):
        clock.now = now
        cookies.append(sessions.begin(tokens())[0])

    assert [sessions.find(cookie) is not None for cookie in cookies] == [False, True, True, True]


def test_a_code_is_good_once_and_not_for_long():
    clock = Hand()
    sessions = made(clock)
    code, late = sessions.entry(tokens()), sessions.entry(tokens())
    sessions.enter(code)
    with pytest.raises(Unauthenticated):
        sessions.enter(code)
    clock.now = 11

    with pytest.raises(Unauthenticated):
        sessions.enter(late)


def test_a_code_may_be_good_for_less():
    clock = Hand()
    sessions = made(clock)
    code = sessions.entry(tokens(), 2)
    clock.now = 3

    with pytest.raises(Unauthenticated):
        sessions.enter(code)


def test_only_so_many_codes_are_kept():
    sessions = made(Hand())
    oldest, *others = (sessions.entry(tokens()) for _ in range(TERMS.most_entries + 1))

    with pytest.raises(Unauthenticated):
        sessions.enter(oldest)
    assert len([sessions.enter(each) for each in others]) == TERMS.most_entries


def test_a_handle_is_given_back_once_and_not_for_long():
    clock = Hand()
    sessions = made(clock)
    cookie, late = sessions.hold(Secret("handle")), sessions.hold(Secret("late"))

    found = sessions.held(cookie)
    clock.now = 11

    assert found is not None
    assert found.reveal() == "handle"
    assert sessions.held(cookie) is None
    assert sessions.held(late) is None


def test_only_so_many_handles_are_kept():
    sessions = made(Hand())
    cookies = [sessions.hold(Secret(str(number))) for number in range(TERMS.most + 1)]

    assert [sessions.held(cookie) is not None for cookie in cookies] == [False, True, True, True]


async def test_calls_that_are_refused_together_renew_once():
    sessions = made(Hand())
    _, session = sessions.begin(tokens("old"))
    asked: list[str] = []

    async def refresh(held: Secret) -> Tokens:
        asked.append(held.reveal())
        await asyncio.sleep(0)
        return tokens("new")

    held = session.tokens.access
    found = await asyncio.gather(*(sessions.renew(session, held, refresh) for _ in range(5)))

    assert {each.reveal() for each in found if each} == {"new"}
    assert asked == ["refresh old"]


async def test_without_a_refresh_token_there_is_nothing_to_renew():
    sessions = made(Hand())
    _, session = sessions.begin(Tokens(Secret("owner")))

    async def refresh(held: Secret) -> Tokens:
        raise AssertionError("nothing is asked")

    assert await sessions.renew(session, session.tokens.access, refresh) is None


def test_nothing_shows_a_token():
    sessions = made(Hand())
    cookie, session = sessions.begin(tokens("hidden"))

    assert "hidden" not in repr(session) + repr(session.tokens)
    assert cookie not in repr(session)
    assert cookie not in repr(vars(sessions))
