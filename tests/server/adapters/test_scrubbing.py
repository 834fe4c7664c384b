"""No log line has a raw control character or a secret, whoever wrote it and in whatever way."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
from typing import Any

import pytest
import structlog

from axisor.ports import Credentials, Secret
from axisor_server.adapters.scrubbing import HIDDEN, clean, is_named_like_a_secret, scrub

CANARY = "canary-7f3a9c"

INJECTIONS = [
    "plain\nnewline",
    'quote"},{"event":"forged"}\n{"event":"admin signed in"}',
    "carriage\rreturn",
    "\r\n\r\nHTTP/1.1 200 OK",
    "tab\tbed",
    "bell\x07",
    "back\b\b\b\bspace",
    "null\x00byte",
    "escape\x1b[2J\x1b[1;1H",
    "title\x1b]0;owned\x07",
    "colour\x1b[31mred\x1b[0m",
    "link\x1b]8;;http://evil\x1b\\click\x1b]8;;\x1b\\",
    "delete\x7f",
    "c1 csi\x9b31m",
    "c1 next line\x85",
    "line\u2028separator",
    "paragraph\u2029separator",
    "right to left\u202eexe.txt",
    "isolate\u2066x\u2069",
    "zero\u200bwidth\u200d",
    "mark\ufeff",
    "arabic\u061c",
    "vertical\x0btab and form\x0cfeed",
    "shift\x0e\x0f",
    "surrogate\ud800",
    "".join(map(chr, range(32))),
    "".join(map(chr, range(127, 160))),
]
"""What is sent to forge a line, to move a cursor or to hide what is there."""


def forget_captured() -> None:
    """Keep what is logged out of the test's own report: half a character cannot be sent there."""
    for handler in list(logging.root.handlers):
        if type(handler).__module__.startswith("_pytest"):
            logging.root.removeHandler(handler)


def raw_controls(text: str) -> list[str]:
    return [c for c in text.replace("\n", "") if ord(c) < 32 or 127 <= ord(c) < 160]


@pytest.mark.parametrize("text", INJECTIONS, ids=range(len(INJECTIONS)))
def test_what_is_sent_to_forge_a_line_stays_within_its_own(text: str, stream: io.StringIO):
    forget_captured()
    structlog.get_logger().info("call " + text, peer=text, **{f"x{text}": 1}, deep=[{text: text}])
    logging.getLogger("library").warning("said %s", text)

    lines = stream.getvalue().splitlines()
    assert len(lines) == 2
    for line in lines:
        assert raw_controls(line) == []
        shown = json.loads(line)
        assert raw_controls(str(shown.values())) == []
        assert not any(c in json.dumps(shown, ensure_ascii=False) for c in "\u202e\u2028\u200b")


@pytest.mark.parametrize(
    "name",
    [
        "secret",
        "api_secret",
        "token",
        "refresh_token",
        "Authorization",
        "cookie",
        "set-cookie",
        "passphrase",
        "password",
        "key",
        "api_key",
        "apiKey",
        "private_key",
        "sig",
        "signature",
        "otp",
        "totp",
        "credentials",
        "data_key",
    ],
)
def test_what_is_named_like_a_secret_is_not_shown(name: str):
    assert is_named_like_a_secret(name)
    shown = scrub(None, "info", {name: CANARY, "deep": {"x": [{name: CANARY}]}})
    assert CANARY not in str(shown)
    assert shown[name] == HIDDEN


@pytest.mark.parametrize("name", ["account", "event", "token_file", "monkey", "design", "passed"])
def test_what_only_sounds_like_a_secret_is_shown(name: str):
    assert scrub(None, "info", {name: CANARY})[name] == CANARY


@pytest.mark.parametrize(
    "text",
    [
        f"Bearer {CANARY}0123456789",
        f"refused Authorization: Basic {CANARY}==",
        f"eyJhbGciOiJFZERTQSJ9.eyJzdWIi{CANARY}.{CANARY}",
        f"at_01hf{CANARY}.e30.{CANARY}",
        f"rt_01hf_{CANARY}",
        f"postgresql://axisor:{CANARY}@db.internal/axisor",
        f"axisor-vault-1:{CANARY}",
        f"GET /x?api_key={CANARY}&page=2",
        f'{{"passphrase": "{CANARY}"}}',
        f"password={CANARY}",
        f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----",
        f"AGE-SECRET-KEY-1{CANARY.replace('-', '').upper()}",
    ],
)
def test_what_looks_like_a_secret_is_cut_out_of_any_text(text: str):
    assert CANARY not in clean(text)
    assert CANARY.replace("-", "").upper() not in clean(text)


def test_secrets_as_values_are_not_shown_whatever_they_are_called(stream: io.StringIO):
    credentials = Credentials(Secret(CANARY), Secret(CANARY), Secret(CANARY))

    structlog.get_logger().info("opened", x=credentials, y=Secret(CANARY), z=CANARY.encode())
    logging.getLogger("library").error("opened %r and %s", credentials, credentials.secret)

    assert stream.getvalue().count("\n") == 2
    assert CANARY not in stream.getvalue()


def _fail(secret: str) -> None:
    local = {"in a variable": secret}
    raise ValueError(f"token={secret} of {len(local)}")


def test_a_traceback_shows_no_variable_and_keeps_its_lines(stream: io.StringIO):
    try:
        _fail(CANARY)
    except ValueError:
        structlog.get_logger().exception("failed")
        logging.getLogger("library").exception("failed")

    for line in stream.getvalue().splitlines():
        shown: dict[str, Any] = json.loads(line)
        assert CANARY not in line
        assert "ValueError" in shown["exception"]
        assert len(shown["exception"].split("\n")) > 3


def test_what_ends_the_process_or_a_thread_is_one_scrubbed_line():
    source = (
        "import threading\n"
        "from axisor_server.adapters import logs\n"
        "logs.configure('info')\n"
        "def fail():\n"
        f"    secret = '{CANARY}'\n"
        "    raise ValueError('token=' + secret + chr(27))\n"
        "thread = threading.Thread(target=fail)\n"
        "thread.start()\n"
        "thread.join()\n"
        "fail()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=60, check=False
    )

    lines = done.stderr.splitlines()
    assert done.returncode == 1
    assert [json.loads(line)["event"] for line in lines] == ["ended", "ended"]
    assert CANARY not in done.stderr.replace(f"secret = '{CANARY}'", "")
    assert "\x1b" not in done.stderr


def test_a_log_line_of_every_kind_of_value_can_be_written(stream: io.StringIO):
    deep: Any = "end"
    for _ in range(20):
        deep = [deep]

    structlog.get_logger().info("all", none=None, yes=True, n=1, x=1.5, o=object(), deep=deep)

    assert json.loads(stream.getvalue())["yes"] is True
