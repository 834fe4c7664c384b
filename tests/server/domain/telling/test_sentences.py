"""The core's own sentences are said in the reader's language, and nobody else's."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import axisor_server
from axisor.events import HaltLevel, IntentState
from axisor.model import FeedQuality
from axisor_server.domain.run import ACTING
from axisor_server.domain.telling import sentences
from axisor_server.domain.telling.sentences_pt import DONE_PT, NAMES_PT, SENTENCES_PT

ROOT = Path(axisor_server.__file__).parent
TELLING = (
    *("engine/access.py", "engine/agreement.py", "engine/beginning.py", "engine/breakglass.py"),
    *("engine/counting.py", "engine/desk.py", "engine/doubts.py", "engine/effects.py"),
    *("engine/executor.py", "engine/halting.py", "engine/health.py", "engine/hosting.py"),
    *("engine/market.py", "engine/pausing.py", "engine/reconciling.py", "engine/settling.py"),
    *("engine/shadow.py", "engine/shadowing.py", "engine/stamping.py", "engine/upgrading.py"),
    *("engine/vitals.py", "domain/review.py", "domain/halting.py", "domain/preview.py"),
    *("domain/attempts.py", "domain/standing.py", "domain/counters.py", "domain/witness.py"),
    *("adapters/backup/planning.py", "adapters/database/ahead.py", "suspecting.py"),
    *("services/copying.py", "services/checkpointing.py", "services/telling/sending.py"),
)
"""The modules whose sentences come to be told."""

NOT_TOLD = {
    # A client gets these as its answer, or an operator in the log; no notice carries them.
    "The store is back; what was done without it is taken over.",
    "The count of {} is {}, beyond the {} decided on.",
    "The account {} is gone.",
    "The lease ended before {} was stamped.",
    "It was begun before the last effect.",
    "It shows less margin on {} than was known.",
    "It does not show yet what was just opened.",
    # The hole is `The account is` or `All accounts are`, which are known as two sentences.
    "{} halted ({}).",
}
_CALLS_NOT_TOLD = ("log", "struct_log")
_NOT_MESSAGES = ("fix", "money")


def template(node: ast.expr) -> str | None:
    """Return a text of the source with `{}` for each of its holes, None for what is none."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (v.value if isinstance(v, ast.Constant) else "{}" for v in node.values)
        return "".join(str(part) for part in parts)
    return None


def texts(node: ast.AST) -> Iterator[str]:
    """Yield the texts within a part of a source, docstrings and what only a log gets left out."""
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        of = node.func.value
        if isinstance(of, ast.Name) and of.id in _CALLS_NOT_TOLD:
            return
    if isinstance(node, ast.keyword) and node.arg in _NOT_MESSAGES:
        return
    found = template(node) if isinstance(node, ast.expr) else None
    if found is not None:
        yield found
        return
    for child in ast.iter_child_nodes(node):
        yield from texts(child)


def is_sentence(text: str) -> bool:
    begins = text[:1].isupper() or text.startswith("{}")
    says = re.search(r"[a-z] ?[a-z]", text.replace("{}", "")) is not None
    return begins and says and " " in text.strip() and text.rstrip().endswith((".", ":", ": {}"))


def parted(text: str) -> list[str]:
    """Return the sentences of a text, for one is enough that is known whole."""
    return re.split(r"(?<=\.) ", text.strip().removeprefix("{} "))


@pytest.mark.parametrize("module", TELLING)
def test_every_sentence_of_the_core_is_said_in_every_language(module: str):
    known = {re.sub(r"\{\w+\}", "{}", form) for form in SENTENCES_PT}
    source = ast.parse((ROOT / module).read_text("utf-8"))

    found = {text.strip() for text in texts(source) if is_sentence(text)}

    for text in found - known - NOT_TOLD:
        missing = [each for each in parted(text) if each not in known]
        assert not missing, f"{module} says this in English only: {missing}"


def test_what_is_not_told_is_written_somewhere():
    written = {
        text.strip()
        for module in TELLING
        for text in texts(ast.parse((ROOT / module).read_text("utf-8")))
    }

    assert sorted(NOT_TOLD - written) == []


@pytest.mark.parametrize("table", [SENTENCES_PT, DONE_PT])
def test_a_translation_shows_every_hole_once_or_more_and_none_that_is_not_there(table):
    for form, other in table.items():
        holes = len(re.findall(r"\{\w+\}", form))
        assert {int(n) for n in re.findall(r"\{(\d+)\}", other)} == set(range(holes)), form
        assert set(re.findall(r"\{(\w+)\}", form)) <= set(sentences.HOLES), form


def test_names_within_sentences_are_known():
    states = {state.value for state in FeedQuality if state is not FeedQuality.FRESH}
    states |= {level.value for level in HaltLevel} | {state.value for state in ACTING}
    states |= {state.value for state in IntentState if state.is_open}

    assert states <= set(NAMES_PT)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("The plan was too old to be sent.", "O plano era velho demais para ser enviado."),
        (
            "The action needs 900 sats; 40 are free.",
            "A ação precisa de 900 sats; 40 estão livres.",
        ),
        ("The price is stale.", "O preço está velho."),
        ("All accounts are halted (risk).", "Todas as contas estão bloqueadas (risco)."),
        (
            "The venue's clock is not known. No price for more than 30 s."
            " 2 positions with 60,000 sats of margin are exposed.",
            "O relógio da corretora não é conhecido. Nenhum preço há mais de 30 s."
            " 2 posições com 60.000 sats de margem estão expostas.",
        ),
        (
            "The venue refuses the key: Bad scope. Ask. No price has come yet.",
            "A corretora recusa a chave: Bad scope. Ask. Nenhum preço chegou ainda.",
        ),
        (
            "An upgrade was rolled back: The new version fails: ValueError: no.",
            "Uma atualização foi desfeita: A nova versão falha: ValueError: no.",
        ),
        (
            "While the database was away the core had to add 5,000 sat to 7f3a1c22.",
            "Enquanto o banco de dados esteve fora,"
            " o núcleo teve de adicionar 5.000 sat a 7f3a1c22.",
        ),
        (
            "The run would come to 9 intents a minute; its leash allows 8.",
            "A execução chegaria a 9 pedidos por minuto; seu limite são 8.",
        ),
        (
            "AddMargin 019b76da-aaee on positions/p is unknown.",
            "AddMargin 019b76da-aaee em positions/p está sem resultado conhecido.",
        ),
    ],
)
def test_what_the_core_wrote_is_said_in_portuguese(text: str, said: str):
    assert sentences.translated(text, "pt-BR") == said


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Insufficient margin.",
        "risk",
        "all",
        "close it",
        "My trend broke. I wait.",
        "Trend up on BTC is strong.",
        "x" * 5_000,
    ],
)
def test_what_others_say_stays_as_they_say_it(text: str):
    assert sentences.translated(text, "pt-BR") == text


def test_english_stays_english():
    assert sentences.translated("The price is stale.", "en-US") == "The price is stale."
