"""The page on audits: its commands are followed to the end, and its figures are the code's."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from standardwebhooks import Webhook, WebhookVerificationError

from axisor.testing.clock import FixedClock
from axisor_server.adapters.checkpoints import FILE, read_checkpoints
from axisor_server.adapters.copies import MOST_BYTES
from axisor_server.adapters.outbound.sending import MOST_ANSWER, TIMEOUT_S
from axisor_server.adapters.outbound.webhook import read_secrets
from axisor_server.adapters.signing import SigningKey
from axisor_server.domain.checkpoints import KEPT, Checkpoint, to_line
from axisor_server.domain.copies import message
from axisor_server.outgoing import copies_to
from axisor_server.services.auditing import MOST_LOOKED_AT
from axisor_server.services.copying import (
    FIRST_WAIT_S,
    GIVEN_UP_AFTER_S,
    LONGEST_WAIT_S,
    SAID_AFTER_S,
)
from axisor_server.services.refusals import CAUSES, EVERY_S, MOST_A_DAY, MOST_ENTRIES
from axisor_server.settings import Audit, load
from tests.docs import pages
from tests.docs.following import Reader

PAGE, START = "audit.md", "quickstart.md"
WAIT = "until axisor audit prove 2 >/dev/null 2>&1; do sleep 0.5; done"
NOTE = "decisions/0026-journals-are-signed-in-passing.md"
KEY = SigningKey(bytes(range(32)))
LONG = Checkpoint(
    stream=f"accounts/{'a' * 36}",
    sequence=1_000_000,
    hash=bytes(32),
    root=bytes(32),
    time_us=1_800_000_000_000_000,
    key=KEY.id,
    signature=bytes(64),
)
EXAMPLE = Path(__file__).parents[2] / "examples" / "audit_verifier.py"


def at_it(reader: Reader, text: str) -> str:
    """Type commands where the core of the quickstart is the one that is meant."""
    return reader.type(f"export AXISOR_DATA_DIR=./quickstart\n{text}")


def test_a_reader_shows_a_journal_to_others(tmp_path: Path):
    reader = Reader(tmp_path)
    (tmp_path / "examples").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "examples")

    with reader.background(START, "venue"), reader.background(START, "core"):
        at_it(reader, "\n".join(reader.text_of(START, "you").splitlines()[1:4]))
        looked = at_it(reader, reader.text_of(PAGE, "look"))
        at_it(reader, reader.text_of(PAGE, "refused"))
        at_it(reader, WAIT)
        verified = at_it(reader, reader.text_of(PAGE, "verify"))
        at_it(reader, reader.text_of(PAGE, "export"))
        reader.type("cp quickstart/checkpoints.ndjson .")
        checked = at_it(reader, reader.text_of(PAGE, "check"))
        elsewhere = at_it(reader, reader.text_of(PAGE, "elsewhere"))

    assert "ChangeMade" in looked
    assert "problem      -" in verified
    assert "checkpoints fit" in verified
    assert "checkpoints fit" in elsewhere
    assert checked.count("it holds") == 2


def test_the_settings_are_ones_the_core_takes_and_the_usual_ones():
    settings = load(file=pages.only(PAGE, "toml", "settings"), environment={}, flags={}).settings

    assert settings.audit == Audit(file=settings.audit.file)
    assert settings.audit.file.startswith("/mnt/")


def test_the_settings_of_a_webhook_are_ones_the_core_takes(tmp_path: Path):
    text = pages.only(PAGE, "toml", "webhook")
    secrets = written_secret(tmp_path)

    settings = load(file=text, environment={}, flags={}).settings
    here = replace(settings, audit=replace(settings.audit, webhook_secrets=str(secrets)))

    assert copies_to(here, tmp_path / FILE, tmp_path, FixedClock()) is not None


def test_the_receiver_of_the_page_keeps_what_can_be_verified(tmp_path: Path):
    kept = tmp_path / "kept.ndjson"
    scope: dict[str, Any] = {}
    exec(pages.only(PAGE, "python", "receiver"), scope)
    (secret,) = read_secrets(written_secret(tmp_path).read_bytes(), "audit.webhook_secrets")
    bare = Checkpoint(
        stream="platform", sequence=1, hash=bytes(32), root=bytes(32), time_us=1, key=KEY.id
    )
    signed = replace(bare, signature=KEY.sign(bare.statement))
    now = datetime.now(UTC)
    body = message([to_line(signed)], now)
    sign = Webhook(secret.reveal()).sign("msg_1", now, body.decode())
    stamp = str(int(now.timestamp()))
    headers = {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": sign}

    scope["keep"](secret.reveal(), headers, body, str(kept))
    with pytest.raises(WebhookVerificationError):
        scope["keep"](secret.reveal(), headers, body + b" ", str(kept))

    assert list(read_checkpoints(kept)) == [signed]


def written_secret(folder: Path) -> Path:
    """Return the file that the page's command writes."""
    Reader(folder).type(pages.only(PAGE, "sh", "secret"))
    return folder / "webhook.secrets"


def test_the_figures_of_the_webhook_are_those_of_the_code():
    text = pages.page(PAGE)

    assert (TIMEOUT_S, FIRST_WAIT_S) == (5, 5)
    assert f"at most {MOST_ANSWER // 1024} KiB" in text
    assert (LONGEST_WAIT_S, SAID_AFTER_S, GIVEN_UP_AFTER_S) == (3_600, 600, 86_400)
    assert 70 <= MOST_BYTES // len(to_line(LONG)) < 80


def test_the_figures_of_refused_calls_are_those_of_the_code():
    text = pages.page(PAGE)

    assert f"at most {MOST_ENTRIES} such entries a minute and {MOST_A_DAY:,} a day" in text
    assert EVERY_S == 60
    assert [cause for cause in CAUSES if f"`{cause}`" not in text] == []


def test_the_figures_are_those_of_the_code():
    text = pages.page(NOTE)

    assert f"the last {KEPT} of a journal" in text
    assert f"{MOST_LOOKED_AT:,} entries" in text
    assert len(EXAMPLE.read_text().splitlines()) <= 60
