"""What a core shows and asks for on the wire: versions, pins, client certificates, sizes, plain."""

from __future__ import annotations

import json
import socket
import ssl
import warnings
from pathlib import Path

import pytest
from tests.support.processes import Core, axisor, core

OWNER = "owner.token"


def host_and_port(running: Core) -> tuple[str, int]:
    host, _, port = running.listen.rpartition(":")
    return host, int(port)


def shake(running: Core, version: ssl.TLSVersion | None = None) -> str:
    """Shake hands and return the version that both agree on."""
    context = ssl.create_default_context(cafile=str(running.data / "tls" / "cert.pem"))
    context.set_alpn_protocols(["h2"])
    if version is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # the versions are what is tried
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = version
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
    with (
        socket.create_connection(host_and_port(running), timeout=10) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return secure.version() or ""


async def test_a_core_speaks_tls_1_3_and_nothing_older_than_1_2(tmp_path: Path):
    async with core(tmp_path) as running:
        assert shake(running) == "TLSv1.3"
        assert shake(running, ssl.TLSVersion.TLSv1_2) == "TLSv1.2"
        for old in (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1):
            with pytest.raises((ssl.SSLError, ConnectionError)):
                shake(running, old)
        refused = await axisor(
            "--connect",
            running.listen,
            "--plaintext",
            "--token-file",
            str(running.data / OWNER),
            "--timeout",
            "3",
            "status",
        )
        assert refused.code != 0


async def test_a_core_is_known_by_the_pin_it_says_at_its_start(tmp_path: Path):
    async with core(tmp_path) as running:
        shown = await axisor("tls", "show", "--data-dir", str(running.data), "-o", "json")
        pin = shown.json["pin"]
        words = ("--connect", running.listen, "--token-file", str(running.data / OWNER))

        known = await axisor(*words, "--pin", pin, "status", "-o", "json")
        assert known.code == 0, known.err
        wrong = pin[:-1] + ("0" if pin[-1] != "0" else "1")
        stranger = await axisor(*words, "--pin", wrong, "status")
        assert stranger.code == 2
        assert "another key" in stranger.err


async def test_a_core_lets_in_by_certificate_only_where_it_is_told_to(tmp_path: Path):
    variables = {"AXISOR_GRPC__CLIENT_CERTIFICATES": "true"}
    async with core(tmp_path, variables=variables) as running:
        here = await running.cli("status", "-o", "json")
        assert here.code == 0, here.err  # the commands on this machine got theirs

        words = (
            "--connect",
            running.listen,
            "--ca",
            str(running.data / "tls" / "cert.pem"),
            "--token-file",
            str(running.data / OWNER),
            "--timeout",
            "3",
        )
        stranger = await axisor(*words, "status")
        assert stranger.code == 6, stranger.out

        issued = await axisor(
            *("tls", "issue", "bridge", "--data-dir", str(running.data), "-o", "json"),
            *("--out", str(tmp_path)),
        )
        found = json.loads(issued.out)
        assert Path(found["key"]).stat().st_mode & 0o077 == 0
        guest = await axisor(*words, "--client-certificate", found["certificate"], "status")
        assert guest.code == 0, guest.err

        other = await axisor(
            *("tls", "issue", "bridge", "--data-dir", str(tmp_path / "other"), "-o", "json"),
            *("--out", str(tmp_path / "other")),
        )
        forged = json.loads(other.out)["certificate"]
        refused = await axisor(*words, "--client-certificate", forged, "status")
        assert refused.code == 6
