"""What is secret is taken out wherever it stands, and what is left of it is found."""

from __future__ import annotations

import base64
from urllib.parse import quote

import pytest

from axisor.testing.cassettes.scrubbing import CassetteUnsafe, Scrubber

SECRET = 'odd/secret+with"signs='


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ('{"apiKey": "abc", "size": 1.10}', '{"apiKey": "REMOVED", "size": 1.10}'),
        ('{"params":{"Signature":"x\\"y"}}', '{"params":{"Signature":"REMOVED"}}'),
        ('{"nonce":17,"a":[{"secret":"s"}]}', '{"nonce":"REMOVED","a":[{"secret":"REMOVED"}]}'),
        ('{"keys": "stay", "monkey": "too"}', '{"keys": "stay", "monkey": "too"}'),
        ("plain text", "plain text"),
    ],
)
def test_fields_with_telling_names_are_taken_out_and_all_else_stays_as_it_was(
    text: str, left: str
) -> None:
    assert Scrubber(()).text(text) == left


def test_a_field_is_taken_out_or_kept_by_its_name_where_that_is_said() -> None:
    scrubber = Scrubber((), fields=["pin"], kept=["Token"])

    assert scrubber.text('{"pin":1,"token":"BTC"}') == '{"pin":"REMOVED","token":"BTC"}'


def test_queries_and_forms_are_looked_through() -> None:
    assert Scrubber(()).query("a=1&apikey=abc&b") == "a=1&apikey=REMOVED&b"


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.replace('"', '\\"'),
        quote(SECRET, safe=""),
        base64.b64encode(SECRET.encode()).decode(),
        SECRET.encode().hex(),
    ],
)
def test_a_known_secret_is_found_however_it_is_written(form: str) -> None:
    scrubber = Scrubber([SECRET])

    assert form not in scrubber.text(f"before {form} after")
    with pytest.raises(CassetteUnsafe):
        scrubber.check(f"before {form} after")


def test_a_short_secret_is_taken_out_as_a_whole_word_only() -> None:
    assert Scrubber(["demo"]).text('["demo", "demolition"]') == '["REMOVED", "demolition"]'


@pytest.mark.parametrize(
    "written",
    [
        '{"text":"{\\"signature\\":\\"abc\\"}"}',
        "lnm-access-passphrase: abc",
        '"x-api-key": "abc"',
        "api_secret=abc",
    ],
)
def test_what_looks_like_a_secret_is_refused_by_its_name(written: str) -> None:
    with pytest.raises(CassetteUnsafe, match="looks like a secret"):
        Scrubber(()).check(written)


@pytest.mark.parametrize(
    "written",
    [
        '{"body":"{\\"signature\\":\\"REMOVED\\"}"}',
        "api_secret=REMOVED",
        '{"design":"abc","content-type":"application/json"}',
        '{"message":"The signature is wrong."}',
    ],
)
def test_what_was_taken_out_and_what_only_looks_alike_may_be_written(written: str) -> None:
    Scrubber(["something-else"]).check(written)


def test_what_was_taken_out_of_one_place_must_not_stand_in_another() -> None:
    scrubber = Scrubber(())
    scrubber.text('{"token":"session-of-now"}')
    scrubber.heard("X-Stamp", "1790856000000")  # a time alone says nothing

    scrubber.check("1790856000000")
    with pytest.raises(CassetteUnsafe):
        scrubber.check("session-of-now")
