"""The page on transport: its settings are the usual ones, and its commands work."""

from __future__ import annotations

from pathlib import Path

from axisor_server.adapters.outbound.addresses import PRIVILEGED, networks
from axisor_server.adapters.outbound.sending import MOST_ANSWER, TIMEOUT_S
from axisor_server.bounds import USUAL, Wire
from axisor_server.domain.rates import QUIET
from axisor_server.rpc.pipeline import DEADLINE_S
from axisor_server.settings import CallLimits, load
from tests.docs import pages
from tests.docs.following import Reader

PAGE, START = "transport.md", "quickstart.md"


def test_the_settings_are_ones_the_core_takes_and_the_usual_ones():
    limits = load(file=pages.only(PAGE, "toml", "settings"), environment={}, flags={}).settings
    proxy = load(file=pages.only(PAGE, "toml", "proxy"), environment={}, flags={}).settings

    wire = load(file=pages.only(PAGE, "toml", "wire"), environment={}, flags={})
    assert wire.settings.wire == USUAL
    named = {name for name, source in wire.sources.items() if source == "file"}
    assert named == {f"wire.{name}" for name in Wire.__struct_fields__}
    assert USUAL.grace_s >= DEADLINE_S  # no call is cut
    assert limits.limits == CallLimits(proxies=("10.0.0.0/8",))
    assert proxy.venue.proxy == "socks5h://127.0.0.1:9050"
    assert QUIET == 4  # a quarter of a minute's calls


def test_the_networks_of_the_page_are_ones_the_core_takes():
    text = pages.only(PAGE, "toml", "outbound")
    settings = load(file=text, environment={}, flags={}).settings.outbound

    assert len(networks(settings.allow, "outbound.allow")) == 2
    assert f"answer has five seconds and {MOST_ANSWER // 1024} KiB" in pages.page(PAGE)
    assert f"from {PRIVILEGED}" in pages.page(PAGE)
    assert TIMEOUT_S == 5


def test_a_reader_pins_a_core_and_lets_a_bridge_in(tmp_path: Path):
    reader = Reader(tmp_path)

    with reader.background(START, "core"):
        home = "export AXISOR_DATA_DIR=./quickstart\n"
        said = reader.type(home + reader.text_of(PAGE, "pin"))
        reader.type(home + reader.text_of(PAGE, "issue"))

    assert "sha256:" in said
    assert (tmp_path / "bridge.key").stat().st_mode & 0o077 == 0
