"""`python -m axisor.runner`: describes a plugin's strategies, or answers for one run.

What a start does not need is not imported: of all that a runner costs the machine, its start is
most, and a core that starts waits for the descriptions.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from axisor.errors import AxisorError
from axisor.ports import Secret
from axisor.runner.finding import offers, strategy_of

if TYPE_CHECKING:
    import grpc.aio


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line asks; return the exit code."""
    asked = _parser().parse_args(words)
    try:
        if asked.describe:
            sys.stdout.write(msgspec.json.encode(offers(asked.plugin)).decode() + "\n")
            return 0
        asyncio.run(_answer(asked))
    except AxisorError as error:
        sys.stderr.write(f"axisor.runner: {error.reason}: {error}\n")
        return 1
    return 0


async def _answer(asked: argparse.Namespace) -> None:
    from axisor.runner.conversation import answer

    token = Secret(_token(asked.token_file))
    async with _channel(asked, token) as channel:
        await answer(
            channel, run=asked.run, token=token, load=lambda name: strategy_of(asked.plugin, name)
        )


def _token(place: str) -> str:
    text = sys.stdin.readline() if place == "-" else Path(place).read_text(encoding="ascii")
    return text.strip()


def _channel(asked: argparse.Namespace, token: Secret) -> grpc.aio.Channel:
    if asked.address.startswith("unix:"):
        import grpc.aio

        return grpc.aio.insecure_channel(asked.address)
    from axisor.client.pins import PINNED_NAME, pinned
    from axisor.client.profile import Profile, open_channel

    if asked.pin:
        certificate: bytes | None = pinned(asked.address, asked.pin)
    else:
        certificate = None if asked.certificate is None else asked.certificate.read_bytes()
    name = PINNED_NAME if asked.pin else None
    profile = Profile(asked.address, token=token, certificate=certificate, tls_name=name)
    return open_channel(profile)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m axisor.runner", description=__doc__)
    parser.add_argument("--plugin", required=True, help="the plugin, installed beside this Python")
    parser.add_argument("--describe", action="store_true", help="print its strategies as JSON")
    parser.add_argument("--address", default="", help="the core: HOST:PORT, or unix:PATH")
    parser.add_argument("--certificate", type=Path, help="the core's certificate; not for unix:")
    parser.add_argument(
        "--pin", default="", help="sha256:… of the core's key, instead; holds over renewals"
    )
    parser.add_argument("--run", default="", help="accounts/ACCOUNT/runs/RUN")
    parser.add_argument("--token-file", default="-", help="a file with the token; - is stdin")
    return parser


if __name__ == "__main__":
    sys.exit(main())
