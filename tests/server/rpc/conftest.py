"""The served core, for every test here."""

from tests.server.rpc.proposing import desk
from tests.server.rpc.serving import account, certificate, channel, core

__all__ = ["account", "certificate", "channel", "core", "desk"]
