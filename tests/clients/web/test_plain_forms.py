"""Forms that a browser sends without a script: whom they are taken from, and what they may say."""

from __future__ import annotations

import httpx
import pytest

from axisor.errors import FieldInvalid
from axisor_web.pages.visits import MOST_FIELDS, form_of
from axisor_web.serving import Served

FORM = "/automations/new/nap"
PLAIN = {"content-type": "application/x-www-form-urlencoded"}


def given(page: httpx.AsyncClient, account: str, **more: str) -> dict[str, str]:
    """Return what the form of a new run says."""
    word = page.headers["x-axisor-csrf"]
    run = {"of": account.rpartition("/")[2], "label": "", "config.minutes": "7"}
    return {"csrf": word, **run, **more}


async def sent(page: httpx.AsyncClient, form: dict[str, str], **headers: str) -> httpx.Response:
    """Send a form as a browser does, with no word in a header."""
    apart = {name: value for name, value in page.headers.items() if name != "x-axisor-csrf"}
    async with httpx.AsyncClient(base_url=page.base_url, trust_env=False) as browser:
        return await browser.post(FORM, data=form, headers={**apart, **PLAIN, **headers})


async def test_a_form_is_answered_by_a_page_that_says_what_it_would_be(
    page: httpx.AsyncClient, account: str
):
    answer = await sent(page, given(page, account))

    assert answer.status_code == 200
    assert answer.text.startswith("<!doctype html>")
    assert 'action="/commit"' in answer.text


async def test_what_is_wrong_is_answered_by_the_form_again(page: httpx.AsyncClient, account: str):
    form = given(page, account, **{"config.minutes": "soon"})
    odd = given(page, account, **{"config.minutes": "0"})

    assert (await sent(page, form)).status_code == 422
    answer = await sent(page, odd)
    assert answer.status_code == 422
    assert "must be at least 1" in answer.text
    assert 'aria-invalid="true"' in answer.text


@pytest.mark.parametrize("word", ["", "another"])
async def test_a_form_without_the_word_of_its_page_is_refused(
    page: httpx.AsyncClient, account: str, word: str
):
    answer = await sent(page, given(page, account) | {"csrf": word})

    assert answer.status_code == 403


@pytest.mark.parametrize(
    "headers",
    [{"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}],
)
async def test_a_form_of_another_page_is_refused(
    page: httpx.AsyncClient, account: str, headers: dict[str, str]
):
    answer = await sent(page, given(page, account), **headers)

    assert answer.status_code == 403


async def test_a_form_of_somebody_who_is_not_signed_in_is_refused(
    bridge: Served, anyone: httpx.AsyncClient
):
    answer = await anyone.post(FORM, data={"csrf": ""}, headers={"origin": bridge.origin})

    assert answer.status_code == 401


def test_a_form_has_so_many_fields_and_is_text():
    assert form_of(b"a=1&b=&a=2") == {"a": "2", "b": ""}
    with pytest.raises(FieldInvalid):
        form_of(b"&".join(b"a=1" for _ in range(MOST_FIELDS + 1)))
    with pytest.raises(FieldInvalid):
        form_of(b"\xff")
