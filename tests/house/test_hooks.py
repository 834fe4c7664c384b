"""Every hook is documented, tested and used by a plugin of ours."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.house import sources

HOOKSPECS = Path("sdk/src/axisor/hookspecs.py")
PAGE = Path("docs/hooks.md")


def decorated(tree: ast.AST, marker: str) -> list[str]:
    """Name the functions that carry a marker, called or bare, qualified or not."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            marks = [
                mark.func if isinstance(mark, ast.Call) else mark for mark in node.decorator_list
            ]
            if any(ast.unparse(mark).split(".")[-1] == marker for mark in marks):
                found.append(node.name)
    return found


HOOKS = decorated(sources.tree(HOOKSPECS), "hookspec")


def test_the_specifications_name_hooks() -> None:
    assert HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_heading(hook: str) -> None:
    assert re.search(rf"^#+ .*\b{hook}\b", sources.text(PAGE), flags=re.MULTILINE)


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_test(hook: str) -> None:
    tests = [
        path
        for path in sources.hand_written(".py")
        if path.name.startswith("test_") and not path.as_posix().startswith("tests/house/")
    ]
    assert [path for path in tests if re.search(rf"\b{hook}\b", sources.text(path))]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_used(hook: str) -> None:
    ours = [
        path for path in sources.hand_written(".py") if path.as_posix().startswith(sources.PACKAGES)
    ]
    assert [path for path in ours if hook in decorated(sources.tree(path), "hookimpl")]


@pytest.mark.parametrize("mark", ["hookspec", "hookspec()", "pluggy.hookspec(firstresult=True)"])
def test_a_hook_is_found_however_it_is_marked(mark: str) -> None:
    assert decorated(ast.parse(f"@{mark}\ndef some_hook(): ..."), "hookspec") == ["some_hook"]
