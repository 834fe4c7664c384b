"""The changes that say how people are told, as they succeed."""

from __future__ import annotations

from tests.server.rpc.scenes import Act, Operation, Scene

from axisor.model import Mode
from axisor.notices import NoticeLevel
from axisor.ports import Secret
from axisor_server.domain.telling.episodes import take
from axisor_server.domain.telling.happening import Told
from axisor_server.domain.telling.records import alert_document

URL = Secret("https://hooks.example.org/in")


async def channel(scene: Scene) -> str:
    """Make a channel and return its id."""
    made = await scene.owner.notices.create_channel("discord", "talk", secrets={"url": URL})
    return made.id


async def alert(scene: Scene) -> str:
    """Let the core have something to tell; return the alert's id."""
    told = Told(
        id="0d9f3c7e-0000-4000-8000-0000000000a1",
        account=scene.id,
        mode=Mode.SIM,
        episode="near/p",
        level=NoticeLevel.CRIT,
        kind="near",
        code="near.seen",
        time_us=1_000_000,
    )
    made = take(None, told).alert
    assert made is not None
    document = alert_document(made)
    await scene.core.store.write(lambda tx: tx.put_document(document, revision=None))
    return made.id


async def create(scene: Scene) -> Act:
    """Make a channel."""
    return lambda: channel(scene)


async def update(scene: Scene) -> Act:
    """Change a channel."""
    id = await channel(scene)
    return lambda: scene.owner.notices.update_channel(id, label="another", paused=True)


async def delete(scene: Scene) -> Act:
    """Remove a channel."""
    id = await channel(scene)
    return lambda: scene.owner.notices.delete_channel(id)


async def test(scene: Scene) -> Act:
    """Have a message sent."""
    id = await channel(scene)
    return lambda: scene.owner.notices.test_channel(id)


async def rules(scene: Scene) -> Act:
    """Change how one is told."""
    return lambda: scene.owner.notices.update_rules(language="pt-BR", zone="America/Sao_Paulo")


async def acknowledge(scene: Scene) -> Act:
    """Say that an alert was seen."""
    id = await alert(scene)
    return lambda: scene.owner.notices.acknowledge(scene.id, id)


async def mute(scene: Scene) -> Act:
    """Be told nothing for a while."""
    return lambda: scene.owner.notices.mute(scene.id, 10)


NOTICING: dict[str, Operation] = {
    "NotificationService/CreateChannel": create,
    "NotificationService/UpdateChannel": update,
    "NotificationService/DeleteChannel": delete,
    "NotificationService/TestChannel": test,
    "NotificationService/UpdateNotificationRules": rules,
    "NotificationService/AcknowledgeAlert": acknowledge,
    "NotificationService/MuteAlerts": mute,
}
