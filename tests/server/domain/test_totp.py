"""Second factors."""

from __future__ import annotations

import pyotp
import pytest

from axisor_server.domain.totp import (
    accepted_step,
    address_of,
    looks_like_recovery,
    recovery_code,
    recovery_hash,
    secret_of,
    without,
)

SECRET = secret_of(b"12345678901234567890")
NOW_S = 1_700_000_010
STEP = NOW_S // 30


def accepted(code: str, *, now_s: int = NOW_S, after: int = 0) -> int | None:
    return accepted_step(SECRET, code, now_us=now_s * 1_000_000, after=after)


def code_at(time_s: int) -> str:
    return pyotp.TOTP(SECRET).at(time_s)


def test_the_vectors_of_the_standard_are_accepted():
    # RFC 6238, appendix B, cut to six digits.
    for time_s, code in ((59, "287082"), (1111111109, "081804"), (20000000000, "353130")):
        assert accepted(code, now_s=time_s) == time_s // 30


def test_a_code_of_the_step_before_or_after_is_accepted_and_none_further():
    assert [accepted(code_at(NOW_S + 30 * off)) for off in (-2, -1, 0, 1, 2)] == [
        None,
        STEP - 1,
        STEP,
        STEP + 1,
        None,
    ]


def test_a_code_counts_once_and_so_do_those_before_it():
    assert accepted(code_at(NOW_S), after=STEP) is None
    assert accepted(code_at(NOW_S - 30), after=STEP) is None
    assert accepted(code_at(NOW_S + 30), after=STEP) == STEP + 1


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "１２３４５６", "28708\n"])
def test_what_is_no_code_is_not_one(code: str):
    assert accepted(code) is None


def test_a_code_may_be_read_in_two_groups():
    code = code_at(NOW_S)

    assert accepted(f"{code[:3]} {code[3:]}") == STEP


def test_the_secret_has_160_bits_and_its_address_names_the_person():
    assert len(SECRET) == 32
    address = address_of(SECRET, person="a+b@example.org")
    read = pyotp.parse_uri(address)
    assert read.secret == SECRET
    assert read.name == "a+b@example.org"
    assert read.issuer == "Axisor"


def test_a_recovery_code_has_80_bits_and_counts_once():
    codes = [recovery_code(bytes([n]) * 32) for n in range(10)]
    kept = tuple(recovery_hash("p", code) for code in codes)

    assert len(set(kept)) == 10
    assert [len(code.replace("-", "")) * 5 for code in codes] == [80] * 10
    left = without(kept, recovery_hash("p", codes[3].lower().replace("-", " ")))
    assert left is not None
    assert len(left) == 9
    assert without(left, recovery_hash("p", codes[3])) is None


def test_a_recovery_code_of_another_person_is_none():
    code = recovery_code(b"x" * 32)

    assert without((recovery_hash("p", code),), recovery_hash("q", code)) is None


def test_a_recovery_code_is_told_from_a_code_of_the_app():
    assert looks_like_recovery(recovery_code(b"x" * 32))
    assert not looks_like_recovery("123456")
