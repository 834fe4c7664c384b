"""The changes around identities at a provider that vouches for people, as they succeed."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from tests.server.rpc.scenes import Act, Operation, Scene
from tests.server.rpc.test_people import KEY
from tests.support.voucher import ISSUER, Voucher

from axisor.client import Client
from axisor.ports import Secret
from axisor.wire.people import External, Identity
from axisor_server.domain.identities import Vouched

BACK, CODE = "http://127.0.0.1:9/back", Secret("code")
VOUCHER = Voucher(Vouched(issuer=ISSUER, subject="108-ada", email="ada@there.example.org"))


def state_of(begun: External) -> str:
    """Return what the browser brings back of a sign-in that began."""
    return parse_qs(urlsplit(begun.uri.reveal()).query)["state"][0]


async def linked(scene: Scene) -> tuple[Client, Identity]:
    """Sign somebody in, and let their identity do so from now on."""
    ada = await scene.ada()
    begun = await scene.nobody.auth.begin_external(VOUCHER.name, BACK)
    return ada, await ada.users.link_identity(begun, state=state_of(begun), code=CODE)


async def begin(scene: Scene) -> Act:
    """Begin a sign-in in a browser."""
    return lambda: scene.nobody.auth.begin_external(VOUCHER.name, BACK)


async def begin_elsewhere(scene: Scene) -> Act:
    """Begin a sign-in on another device."""
    return lambda: scene.nobody.auth.begin_device(VOUCHER.name)


async def finish(scene: Scene) -> Act:
    """Come back from a provider as somebody known."""
    await linked(scene)
    begun = await scene.nobody.auth.begin_external(VOUCHER.name, BACK)
    return lambda: scene.nobody.auth.finish_external(
        begun, state=state_of(begun), code=CODE, device="phone", device_key=KEY
    )


async def poll(scene: Scene) -> Act:
    """Ask about a sign-in that somebody known has finished elsewhere."""
    await linked(scene)
    begun = await scene.nobody.auth.begin_device(VOUCHER.name)
    return lambda: scene.nobody.auth.poll_device(begun, device="phone", device_key=KEY)


async def link(scene: Scene) -> Act:
    """Let an identity sign its person in."""
    ada = await scene.ada()
    begun = await scene.nobody.auth.begin_external(VOUCHER.name, BACK)
    return lambda: ada.users.link_identity(begun, state=state_of(begun), code=CODE)


async def unlink(scene: Scene) -> Act:
    """Let an identity sign nobody in any more."""
    ada, identity = await linked(scene)
    return lambda: ada.users.unlink_identity(identity.name)


VOUCHED: dict[str, Operation] = {
    "AuthService/BeginExternalSignIn": begin,
    "AuthService/FinishExternalSignIn": finish,
    "AuthService/BeginDeviceSignIn": begin_elsewhere,
    "AuthService/PollDeviceSignIn": poll,
    "UserService/LinkIdentity": link,
    "UserService/UnlinkIdentity": unlink,
}
