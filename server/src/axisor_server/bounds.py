"""Settings about connections: what a core takes of its clients, and how it reaches what it shares.

They are groups of `settings`, which reads them.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class Wire(Struct, frozen=True, forbid_unknown_fields=True):
    """What is let through before anything is known of a caller."""

    message_kib: Annotated[
        int, Meta(ge=16, le=16_384, description="The largest request, in KiB.")
    ] = 1_024
    metadata_kib: Annotated[
        int, Meta(ge=1, le=64, description="The largest headers of a call, in KiB.")
    ] = 16
    connections: Annotated[
        int, Meta(ge=1, le=100_000, description="Open connections; a further one is hung up on.")
    ] = 4_096
    streams: Annotated[
        int, Meta(ge=1, le=100_000, description="Calls under way on one connection; others wait.")
    ] = 1_000
    calls: Annotated[
        int, Meta(ge=1, le=100_000, description="Calls under way in all; others are refused.")
    ] = 8_192
    handshake_s: Annotated[
        int, Meta(ge=1, le=120, description="How long a connection may take to begin.")
    ] = 10
    idle_s: Annotated[
        int, Meta(ge=1, le=86_400, description="A connection without calls ends after so long.")
    ] = 900
    age_s: Annotated[
        int,
        Meta(ge=1, le=86_400, description="Any connection ends after about so long."),
    ] = 1_800
    grace_s: Annotated[
        int, Meta(ge=1, le=3_600, description="How long its calls may then go on.")
    ] = 60
    ping_s: Annotated[
        int, Meta(ge=1, le=3_600, description="A silent connection is asked whether it lives.")
    ] = 30
    pong_s: Annotated[
        int, Meta(ge=1, le=600, description="How long its answer may take; then it is ended.")
    ] = 10
    least_ping_s: Annotated[
        int, Meta(ge=1, le=600, description="Whoever asks the core so more often is sent away.")
    ] = 10


USUAL = Wire()


class Link(Struct, frozen=True, forbid_unknown_fields=True):
    """How something is reached that cores share."""

    url: Annotated[str, Meta(description="Empty: none; else its address.")] = ""
    root: Annotated[
        str, Meta(description="A file with the authorities it is certified by; else the system's.")
    ] = ""
    certificate: Annotated[
        str, Meta(description="A file with the certificate that the core shows it.")
    ] = ""
    key: Annotated[str, Meta(description="A private file with that certificate's key.")] = ""
    plaintext: Annotated[
        bool, Meta(description="Reach it elsewhere without TLS, or without proof of whose it is.")
    ] = False
