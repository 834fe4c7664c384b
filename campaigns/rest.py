"""Thousands of requests made from openapi.json, good and malformed, against a core and its bridge.

Schemathesis makes them, in an environment of its own: what it stands on need not agree with ours.
It runs as a process with a deadline, after which it and all that it started are ended. Routes that
stream are left out, as their answers have no end.
"""

from __future__ import annotations

import asyncio
import os
import signal
import tempfile
import time
import tomllib
import venv
from asyncio.subprocess import DEVNULL
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from tests.server.rpc.serving import TOKEN, bearer, creation, serving

from axisor.v1.accounts_pb2_grpc import AccountServiceStub
from axisor_server.adapters import tls
from axisor_server.adapters.system import SystemClock
from axisor_web import openapi
from axisor_web.serving import serving as bridging
from axisor_web.settings import Settings
from campaigns.report import Figures, Report

TITLE = "Requests made from the OpenAPI of the bridge"
ROUTES = {
    Figures.QUICK: r"^/v1/(core/status|plugins|accounts/\{account\}/positions)$",
    Figures.FULL: "",
}
EXAMPLES = {Figures.QUICK: 1, Figures.FULL: 4}
LEAST = {Figures.QUICK: 20, Figures.FULL: 6_000}
PROJECT = Path(__file__).parents[1] / "pyproject.toml"
HOME = Path(__file__).parent / "results" / "programs"
INSTALL_S, ANSWER_S = 900.0, 20
CHECKS = (
    "not_a_server_error,status_code_conformance,"
    "content_type_conformance,response_schema_conformance"
)
SETTINGS = """
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", "501", "503"]
"""
"""The contract names two: what a venue cannot do, and what is not there at the moment."""

STREAM = "text/event-stream"
ENDING = ("delete",)


async def run(figures: Figures, seed: int, budget: float) -> Report:
    """Let Schemathesis ask, and tell what was not answered as the contract says."""
    report = Report(name="rest", title=TITLE, figures=figures, seed=seed)
    until = time.monotonic() + budget
    program = await installed()
    with tempfile.TemporaryDirectory() as folder:
        certificate = tls.load_or_make(Path(folder), SystemClock())
        async with serving(certificate) as core, core.channel() as channel:
            stub = AccountServiceStub(channel)
            made = await stub.CreateAccount(creation(), metadata=bearer())
            async with bridging(Settings(port=0), channel) as bridge:
                home = Path(folder)
                account = made.account.name.removeprefix("accounts/")
                (home / "openapi.json").write_bytes(asked_of(openapi.text(), account))
                (home / "settings.toml").write_text(SETTINGS)
                words = command(program, bridge.origin, figures, seed)
                ended = await bounded(words, home, until - time.monotonic())
        told = home / "told.json"
        judge(
            report, msgspec.json.decode(told.read_bytes() or b"{}") if told.exists() else {}, ended
        )
    return report


def pinned() -> str:
    """Return what is installed, with its version."""
    groups = tomllib.loads(PROJECT.read_text())["dependency-groups"]
    return str(groups["campaigns"][0])


def there() -> Path | None:
    """Return the program, None where it was not installed yet."""
    home = HOME / pinned()
    return home / "bin" / "schemathesis" if (home / "ready").exists() else None


async def installed() -> Path:
    """Return the program, installed into an environment of its own where it is not there."""
    found = there()
    if found is not None:
        return found
    home = HOME / pinned()
    venv.create(home, with_pip=True, clear=True)
    words = (str(home / "bin" / "python"), "-m", "pip", "install", "-qq", pinned())
    if not await bounded(words, home, INSTALL_S):
        raise RuntimeError(f"{pinned()} could not be installed in {INSTALL_S:.0f} s.")
    (home / "ready").touch()
    return home / "bin" / "schemathesis"


def asked_of(description: bytes, account: str) -> bytes:
    """Return the description of what is asked: routes that end, and of one account that is there.

    The one call that would remove this account is asked of any other.
    """
    document: dict[str, Any] = msgspec.json.decode(description)
    paths: dict[str, dict[str, Any]] = document["paths"]
    for path, verbs in paths.items():
        ending = {
            verb for verb in verbs if STREAM not in verbs[verb]["responses"]["200"]["content"]
        }
        paths[path] = {verb: verbs[verb] for verb in verbs if verb in ending}
        for verb, operation in paths[path].items():
            for parameter in operation.get("parameters", ()):
                removes = verb in ENDING and path.endswith("{account}")
                if parameter["in"] == "path" and parameter["name"] == "account" and not removes:
                    parameter["schema"] = {"type": "string", "enum": [account]}
    document["paths"] = {path: verbs for path, verbs in paths.items() if verbs}
    return msgspec.json.encode(document)


def command(program: Path, origin: str, figures: Figures, seed: int) -> tuple[str, ...]:
    """Return what is run, beside the two files."""
    routes = ("--include-path-regex", ROUTES[figures]) if ROUTES[figures] else ()
    return (
        *(str(program), "--config-file", "settings.toml", "run", "openapi.json", "--url", origin),
        *("--header", f"authorization: Bearer {TOKEN}", "--phases", "coverage,fuzzing"),
        *("--checks", CHECKS, "--max-examples", str(EXAMPLES[figures]), "--seed", str(seed)),
        *("--continue-on-failure", "--no-shrink", "--request-timeout", str(ANSWER_S)),
        *("--suppress-health-check", "all", "--report", "json", "--report-json-path", "told.json"),
        *routes,
    )


async def bounded(words: Sequence[str], folder: Path, seconds: float) -> bool:
    """Run a program in a folder; return whether it came to its end in time by itself.

    What does not is killed with all that it started.
    """
    apart = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    with (folder / "said.txt").open("wb") as said:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=DEVNULL,
            stdout=said,
            stderr=said,
            cwd=folder,
            env=apart,
            start_new_session=True,
        )
    try:
        async with asyncio.timeout(seconds):
            await process.wait()
    except TimeoutError:
        return False
    finally:
        if process.returncode is None:
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return True


def judge(report: Report, told: dict[str, Any], ended: bool) -> None:
    """Write into a report what Schemathesis told."""
    report.none("ended by force", () if ended else ("it was not done when its time was over",))
    report.none("not brought to its end", () if told.get("complete") else (why(told),))
    cases, operations = told.get("test_cases", {}), told.get("operations", {})
    rates = [phase for each in told.get("valid_rates", {}).values() for phase in each.values()]
    report.least("requests", cases.get("generated", 0), LEAST[report.figures])
    report.least("methods asked", operations.get("tested", 0), operations.get("selected", 1))
    report.tell("requests that were taken", sum(each["accepted"] for each in rates))
    found = [*told.get("failures", ()), *told.get("errors", ())]
    report.none("answers that the contract does not name", [_line(each) for each in found])


def why(told: dict[str, Any]) -> str:
    """Return why it stopped."""
    return str(told.get("stop_reason", "it told nothing"))


def _line(found: dict[str, Any]) -> str:
    return msgspec.json.encode(found).decode()[:500]
