"""The way to a provider: through its proxy or not at all, and to no address that tells secrets."""

from __future__ import annotations

import gc
from urllib.parse import urlsplit

import pytest
from tests.plugins.lnmarkets.socks import proxied
from tests.server.adapters.identity.kit import Ends, ends

from axisor.errors import ProviderUnavailable
from axisor_server.adapters.identity.web import Web, is_safe

__all__ = ["ends"]

NAMED = "http://provider.test/.well-known/openid-configuration"


# httpcore leaves the connection to a proxy that refuses to the collector.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
async def test_nothing_is_asked_beside_a_proxy_and_names_are_its_to_resolve(ends: Ends):
    async with proxied() as socks:
        web = Web("test", proxy=socks.url)
        with pytest.raises(ProviderUnavailable):  # it leads nowhere yet
            await web.get(NAMED)
        gc.collect()
        assert ends.there.asked.total() == 0

        socks.leads["provider.test"] = urlsplit(ends.there.url).port or 0

        assert (await web.get(NAMED)).text("issuer") == ends.there.url
    assert socks.asked == [("provider.test", 80)] * 2


async def test_a_proxy_in_the_environment_is_not_asked(ends: Ends, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")

    assert (await Web("test").get(f"{ends.there.url}/jwks")).status == 200


@pytest.mark.parametrize(
    "url", ["https://a.example", "https://a.example:8443/x?y=z", "http://127.0.0.1:9/x"]
)
def test_secrets_go_by_tls_or_stay_here(url: str):
    assert is_safe(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://a.example",
        "http://localhost:9/",
        "https://",
        "https://a@b.example/",
        "https://a.example/#x",
        "https://a.example/\n",
        "https://é.example/",
        "ftp://a.example/",
        "https://[::1",
    ],
)
def test_no_secret_goes_anywhere_else(url: str):
    assert not is_safe(url)
