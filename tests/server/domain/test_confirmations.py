"""A call that waits for a word ends once, by the word that came first, or when its time is up."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from axisor.errors import ConfirmationSettled, RateLimited
from axisor.states import ConfirmationState
from axisor_server.domain.confirmations import (
    ENDED,
    KEPT_US,
    MOST_PENDING,
    WAITING,
    Confirmation,
    Preparer,
    Word,
    check_room,
    from_document,
    settle,
    to_document,
)

FOUND = Confirmation(
    id="c1",
    account="a1",
    method="axisor.v1.MarginService/AddMargin",
    danger=3,
    request=b"request",
    summary="Add margin",
    preparer=Preparer(name="tokens/t", tenant="local", token="t", propose_only=True),
    made_us=1_000,
    commit_until_us=2_000,
    until_us=3_000,
)
YES = Word(state=ConfirmationState.COMMITTED, principal="owner", tenant="local")
NO = Word(state=ConfirmationState.REFUSED, principal="owner", tenant="local", reason="no")
LATE = Word(state=ConfirmationState.EXPIRED)


def test_a_word_settles_it():
    done = settle(FOUND, YES, now_us=2_999)

    assert (done.state, done.settler, done.settled_us) == (YES.state, "owner", 2_999)


def test_the_same_word_again_changes_nothing():
    done = settle(FOUND, YES, now_us=1_500)

    assert settle(done, YES, now_us=9_000) is done


@pytest.mark.parametrize(
    "word", [NO, LATE, replace(YES, principal="people/p"), replace(YES, tenant="p")]
)
def test_a_later_word_is_refused(word: Word):
    done = settle(FOUND, YES, now_us=1_500)

    with pytest.raises(ConfirmationSettled) as caught:
        settle(done, word, now_us=9_000)

    assert caught.value.metadata == {"confirmation": "c1", "state": "committed"}


def test_no_word_counts_once_the_time_is_up():
    with pytest.raises(ConfirmationSettled) as caught:
        settle(FOUND, YES, now_us=3_000)

    assert caught.value.metadata["state"] == "expired"


def test_nothing_expires_before_its_time():
    with pytest.raises(ConfirmationSettled):
        settle(FOUND, LATE, now_us=2_999)

    assert settle(FOUND, LATE, now_us=3_500).settled_us == 3_000


def test_it_is_shown_as_expired_from_the_moment_on_that_it_is():
    assert FOUND.as_of(2_999) is FOUND
    assert FOUND.as_of(3_000).state is ConfirmationState.EXPIRED


def test_its_call_has_one_request_id_whatever_becomes_of_it():
    other = replace(FOUND, account="a2")

    assert settle(FOUND, YES, now_us=1_500).request_id == FOUND.request_id
    assert other.request_id != FOUND.request_id


def test_it_is_kept_by_its_account_and_for_a_day():
    waits, ended = to_document(FOUND), to_document(settle(FOUND, NO, now_us=1_500))

    assert (waits.kind, waits.about, waits.owner) == (WAITING, "a1", "")
    assert (ended.kind, ended.until_us) == (ENDED, 1_000 + KEPT_US)
    assert from_document(waits) == FOUND


def test_only_so_many_wait():
    waiting = [to_document(FOUND)] * (MOST_PENDING - 1)
    check_room(waiting)

    with pytest.raises(RateLimited):
        check_room([*waiting, to_document(FOUND)])
