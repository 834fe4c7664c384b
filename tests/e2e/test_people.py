"""People through the command line, at a core that is a process of its own."""

from __future__ import annotations

import asyncio
import email
import stat
from email import policy
from pathlib import Path

import pyotp
import pytest
from tests.support.people import PROOF
from tests.support.processes import Core, Done, core, until

ADA, PASSWORD = "ada@example.org", "four words do quite well"
OTHER = "another four words as good"


@pytest.fixture(autouse=True)
def _a_home_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


async def letter(running: Core, word: str) -> str:
    """Wait for the letter whose subject has a word, and return what it lets its reader do."""

    def found() -> str:
        for file in sorted((running.data / "outbox").glob("*.eml")):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            read = email.message_from_bytes(file.read_bytes(), policy=policy.default)
            proof = PROOF.search(read.get_content())
            if word in str(read["Subject"]) and proof:
                return proof[0]
        return ""

    said: str = await until(found, f"a letter about {word}")
    return said


async def said(running: Core, *words: str, stdin: str = "") -> Done:
    """Run a command that must succeed."""
    done = await running.cli(*words, stdin=stdin)
    assert done.code == 0, (words, done.err)
    return done


async def test_a_person_from_registering_to_signing_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXISOR_PEOPLE__PASSWORDS", "small")
    async with core(tmp_path) as running:
        await said(running, "auth", "register", "--email", ADA, stdin=f"{PASSWORD}\n")
        await said(running, "auth", "verify", "--proof", await letter(running, "Verify"))
        assert (await said(running, "auth", "status", "-o", "json")).json["person"] == ""

        await said(running, "auth", "login", "--email", ADA, stdin=f"{PASSWORD}\n")
        me = (await said(running, "auth", "status", "-o", "json")).json
        assert (me["acts_as"], me["role"], me["email_verified"]) == (ADA, "owner", True)

        enrolled = (await said(running, "auth", "totp", "enrol", "-o", "json")).json
        app = pyotp.TOTP(enrolled["secret"])
        codes = await said(running, "auth", "totp", "confirm", "-o", "json", stdin=f"{app.now()}\n")
        paper = [each["code"] for each in codes.json]
        assert len(paper) == 10
        assert (await said(running, "auth", "status", "-o", "json")).json["second_factor"]

        await said(running, "auth", "logout")
        wrong = await running.cli("auth", "login", "--email", ADA, stdin=f"{OTHER}\n")
        assert wrong.code == 3
        assert "SIGN_IN_REFUSED" in wrong.err
        half = await running.cli("auth", "login", "--email", ADA, stdin=f"{PASSWORD}\n000000\n")
        assert half.code == 3
        typed = f"{PASSWORD}\n{paper[0]}\n"
        await said(running, "auth", "login", "--email", ADA, stdin=typed)

        await said(running, "auth", "step-up", stdin=f"{PASSWORD}\n{paper[1]}\n")
        await said(running, "auth", "password", stdin=f"{PASSWORD}\n{OTHER}\n")
        listed = (await said(running, "auth", "sessions", "list", "-o", "json")).json
        assert [each["current"] for each in listed] == [True]
        await said(running, "auth", "logout")

        log = running.log.read_text()
        written = b"".join(path.read_bytes() for path in running.data.glob("*.db*"))
    for secret in (PASSWORD, OTHER, *paper, enrolled["secret"], ADA):
        assert secret not in log
        assert secret.encode() not in written
    (kept,) = (tmp_path / "state").rglob("*.json")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


async def test_administrators_invite_disable_and_erase(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXISOR_PEOPLE__PASSWORDS", "small")
    async with core(tmp_path) as running:
        await said(running, "auth", "register", "--email", ADA, stdin=f"{PASSWORD}\n")
        await said(running, "user", "invite", "bob@example.org", "--role", "admin")
        invitation = await letter(running, "invited")
        await said(
            running,
            *("auth", "register", "--email", "bob@example.org", "--invitation", invitation),
            stdin=f"{OTHER}\n",
        )

        people = (await said(running, "user", "list", "-o", "json")).json
        assert [(p["email"], p["role"]) for p in people] == [
            (ADA, "owner"),
            ("bob@example.org", "admin"),
        ]
        await said(running, "user", "role", "bob@example.org", "none", "--yes")
        await said(running, "user", "role", "bob@example.org", "admin", "--yes")
        unknown = await running.cli("user", "plan", "bob@example.org", "gold", "--yes")
        assert (unknown.code, "PLAN_NOT_FOUND" in unknown.err) == (5, True)
        same = await said(running, "user", "plan", "bob@example.org", "none", "--yes")
        assert "none → none" in same.out
        refused = await running.cli("user", "disable", ADA, "--yes")
        assert refused.code != 0
        assert "PERSON_STATE_INVALID" in refused.err
        assert (await running.cli("user", "erase", "bob@example.org")).code == 9  # not asked
        await said(running, "user", "disable", "bob@example.org", "--yes")
        out = await running.cli("auth", "login", "--email", "bob@example.org", stdin=f"{OTHER}\n")
        assert out.code == 3
        done = await said(running, "user", "erase", "bob@example.org", "--yes", "-o", "json")
        assert (done.json["state"], done.json["email"]) == ("erased", "")


async def test_a_forgotten_password_is_chosen_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXISOR_PEOPLE__PASSWORDS", "small")
    async with core(tmp_path) as running:
        await said(running, "auth", "register", "--email", ADA, stdin=f"{PASSWORD}\n")
        await said(running, "auth", "reset", "--email", ADA)
        proof = await letter(running, "new password")
        short = await running.cli("auth", "reset", "--proof", proof, stdin="short\n")
        assert short.code == 2
        assert "PASSWORD_REFUSED" in short.err

        await said(running, "auth", "reset", "--proof", proof, stdin=f"{OTHER}\n")
        await said(running, "auth", "login", "--email", ADA, stdin=f"{OTHER}\n")
        again = await running.cli("auth", "reset", "--proof", proof, stdin=f"{PASSWORD}\n")
        assert "PROOF_INVALID" in again.err


async def test_of_two_commands_at_once_one_exchanges_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AXISOR_PEOPLE__PASSWORDS", "small")
    async with core(tmp_path) as running:
        await said(running, "auth", "register", "--email", ADA, stdin=f"{PASSWORD}\n")
        await said(running, "auth", "login", "--email", ADA, stdin=f"{PASSWORD}\n")
        (kept,) = (tmp_path / "state").rglob("*.json")
        kept.write_text(kept.read_text().replace("access_until", "not_any_more"))

        both = await asyncio.gather(
            *(running.cli("auth", "status", "-o", "json") for _ in range(2))
        )

        assert [done.code for done in both] == [0, 0], [done.err for done in both]
        assert {done.json["acts_as"] for done in both} == {ADA}
