"""Methods of a core over HTTP: who calls, what comes back, and what a failure says."""

from __future__ import annotations

import httpx
import pytest

from tests.server.rpc.serving import READER, TOKEN, Served

KEY = "0d9f3c7e-0000-4000-8000-00000000aaaa"


def info(answer: httpx.Response) -> dict[str, object]:
    """Return the ErrorInfo of an error."""
    found = [each for each in answer.json()["details"] if each["@type"].endswith("ErrorInfo")]
    assert len(found) == 1
    return dict(found[0])


async def test_a_list_comes_as_json_that_nobody_keeps(owner: httpx.AsyncClient, account: str):
    answer = await owner.get("/v1/accounts")

    assert answer.status_code == 200
    assert [each["name"] for each in answer.json()["accounts"]] == [account]
    assert answer.headers["cache-control"] == "no-store"


async def test_the_mode_of_the_account_comes_with_its_answers(
    owner: httpx.AsyncClient, account: str
):
    answer = await owner.get(f"/v1/{account}/positions")

    assert answer.headers["axisor-mode"] == "sim"


async def test_another_mode_than_expected_is_refused(owner: httpx.AsyncClient, account: str):
    answer = await owner.get(f"/v1/{account}/positions", headers={"axisor-expect-mode": "live"})

    assert answer.status_code == 400
    assert info(answer)["reason"] == "MODE_MISMATCH"


async def test_margin_is_added_once_however_often_it_is_asked(
    owner: httpx.AsyncClient, account: str, core: Served
):
    before = core.margin
    path = f"/v1/{account}/positions/{core.long}:addMargin"
    sent = {"requestId": KEY, "amountSats": "1000"}

    answers = [await owner.post(path, json=sent) for _ in range(3)]

    assert [each.status_code for each in answers] == [200, 200, 200]
    assert len({each.text for each in answers}) == 1
    assert core.margin == before + 1_000


async def test_without_a_token_nothing_is_told(anyone: httpx.AsyncClient, account: str):
    answer = await anyone.get("/v1/accounts")

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Bearer")
    assert account not in answer.text


async def test_a_right_that_lacks_is_a_403_with_its_reason(
    anyone: httpx.AsyncClient, account: str, core: Served
):
    answer = await anyone.post(
        f"/v1/{account}:halt",
        json={"requestId": KEY, "level": "HALT_LEVEL_RISK"},
        headers={"authorization": f"Bearer {READER}"},
    )

    assert answer.status_code == 403
    assert info(answer)["reason"] == "PERMISSION_DENIED"


async def test_what_is_malformed_says_which_field_and_what_it_means_for_the_money(
    owner: httpx.AsyncClient, account: str
):
    answer = await owner.post(f"/v1/{account}/orders", json={"requestId": "no uuid"})

    assert answer.status_code == 400
    told = info(answer)
    assert told["reason"] == "FIELD_INVALID"
    assert told["metadata"]["means"]  # type: ignore[index]


async def test_what_the_bridge_refuses_looks_like_what_the_core_refuses(
    owner: httpx.AsyncClient, account: str
):
    answer = await owner.get(f"/v1/{account}/orders?nothing=1")

    assert answer.status_code == 400
    assert answer.json()["status"] == "INVALID_ARGUMENT"
    assert info(answer)["metadata"]["field"] == "nothing"  # type: ignore[index]


async def test_a_path_that_leads_nowhere_and_a_verb_that_is_not_for_it(owner: httpx.AsyncClient):
    nowhere = await owner.get("/v1/nothing")
    wrong = await owner.put("/v1/accounts")

    assert (nowhere.status_code, nowhere.json()["status"]) == (404, "NOT_FOUND")
    assert (wrong.status_code, wrong.headers["allow"]) == (405, "GET, POST")


@pytest.mark.parametrize(
    ("verb", "path", "code"),
    [
        ("GET", "/v1/accounts/a%0Ab/positions", 404),
        ("GET", "/v1/accounts/%00/orders", 404),
        ("GET", "/elsewhere", 404),
        ("DELETE", "/healthz", 405),
        ("TRACE", "/v1/accounts", 405),
    ],
)
async def test_whatever_leads_nowhere_is_told_in_json(
    owner: httpx.AsyncClient, verb: str, path: str, code: int
):
    answer = await owner.request(verb, path)

    assert answer.status_code == code
    assert answer.json()["status"] in {"NOT_FOUND", "UNIMPLEMENTED"}


async def test_a_body_that_is_too_long_is_not_read_to_its_end(
    owner: httpx.AsyncClient, account: str
):
    answer = await owner.post(f"/v1/{account}/orders", content=b" " * (1024 * 1024 + 1))

    assert answer.status_code == 403
    assert "1,048,576" in answer.json()["message"]


async def test_a_core_that_is_gone_is_said_to_be_gone(
    owner: httpx.AsyncClient, account: str, core: Served
):
    await core.server.stop(0)

    answer = await owner.get("/v1/accounts")
    ready = await owner.get("/readyz")
    alive = await owner.get("/healthz")

    assert (answer.status_code, answer.json()["status"]) == (503, "UNAVAILABLE")
    assert info(answer)["metadata"]["todo"]  # type: ignore[index]
    assert info(answer)["reason"] == "CORE_UNREACHABLE"
    assert (ready.status_code, alive.status_code) == (503, 200)


async def test_a_bridge_is_ready_when_its_core_is(anyone: httpx.AsyncClient):
    assert (await anyone.get("/readyz")).json() == {"status": "SERVING"}


@pytest.mark.parametrize("path", ["/v1/accounts", "/healthz", "/nowhere", "/openapi.json"])
async def test_every_answer_carries_the_policies(anyone: httpx.AsyncClient, path: str):
    headers = (await anyone.get(path)).headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["referrer-policy"] == "no-referrer"
    assert "strict-transport-security" not in headers


async def test_a_name_that_was_bound_to_this_address_by_a_stranger_is_not_answered(
    owner: httpx.AsyncClient,
):
    answer = await owner.get("/v1/accounts", headers={"host": "evil.example"})

    assert answer.status_code == 403
    assert "--name" in str(info(answer)["metadata"])


async def test_another_origin_reads_answers_only_where_it_is_allowed(owner: httpx.AsyncClient):
    allowed = await owner.get("/v1/accounts", headers={"origin": "https://other.example"})
    strange = await owner.get("/v1/accounts", headers={"origin": "https://evil.example"})
    asked = await owner.options("/v1/accounts", headers={"origin": "https://other.example"})

    assert allowed.headers["access-control-allow-origin"] == "https://other.example"
    assert "access-control-allow-credentials" not in allowed.headers
    assert "access-control-allow-origin" not in strange.headers
    assert asked.status_code == 204


async def test_no_answer_names_the_token(owner: httpx.AsyncClient, account: str):
    for path in ("/v1/accounts", "/v1/core/status", "/v1/nothing", f"/v1/{account}/positions"):
        answer = await owner.get(path)
        assert TOKEN not in answer.text + str(answer.headers)
