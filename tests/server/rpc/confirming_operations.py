"""The changes of ConfirmationService, as they succeed."""

from __future__ import annotations

from tests.server.rpc.scenes import Act, Operation, Scene

from axisor.client import Client
from axisor.client.confirmations import Prepared

SATS = 1_000


async def prepared(scene: Scene, preparer: Client) -> Prepared:
    """Prepare that margin is added."""
    return await preparer.confirmations.prepare(
        scene.id, lambda calls: calls.margin.add_margin(scene.id, scene.core.long, SATS)
    )


async def prepare(scene: Scene) -> Act:
    """Keep a call until somebody agrees."""
    return lambda: prepared(scene, scene.owner)


async def commit(scene: Scene) -> Act:
    """Carry out what the caller prepared."""
    made = await prepared(scene, scene.owner)
    assert made.token is not None
    token = made.token
    return lambda: scene.owner.confirmations.commit(scene.id, made.confirmation.id, token)


async def approve(scene: Scene) -> Act:
    """Carry out what somebody else prepared."""
    id = (await prepared(scene, await scene.ada())).confirmation.id
    return lambda: scene.owner.confirmations.approve(scene.id, id)


async def refuse(scene: Scene) -> Act:
    """Refuse what somebody else prepared."""
    id = (await prepared(scene, await scene.ada())).confirmation.id
    return lambda: scene.owner.confirmations.refuse(scene.id, id, reason="too much")


CONFIRMING: dict[str, Operation] = {
    "ConfirmationService/PrepareConfirmation": prepare,
    "ConfirmationService/CommitConfirmation": commit,
    "ConfirmationService/ApproveConfirmation": approve,
    "ConfirmationService/RefuseConfirmation": refuse,
}
