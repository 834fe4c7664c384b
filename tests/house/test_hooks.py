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


PARTS = ("When", "Arguments", "Return", "Raising", "Used by", "Since")


def specification(hook: str) -> ast.FunctionDef:
    """Return the function that specifies a hook."""
    return next(
        node
        for node in ast.walk(sources.tree(HOOKSPECS))
        if isinstance(node, ast.FunctionDef) and node.name == hook
    )


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_heading_with_its_arguments(hook: str) -> None:
    arguments = ", ".join(each.arg for each in specification(hook).args.args)

    assert f"\n## `{hook}({arguments})`\n" in sources.text(PAGE)


def test_the_page_has_no_hook_that_is_not_specified() -> None:
    assert re.findall(r"^## `(\w+)\(", sources.text(PAGE), flags=re.MULTILINE) == HOOKS


@pytest.mark.parametrize("hook", HOOKS)
def test_a_specification_says_all_that_an_author_needs(hook: str) -> None:
    text = ast.get_docstring(specification(hook)) or ""

    assert tuple(re.findall(r"^(\w[\w ]*): ", text, flags=re.MULTILINE)) == PARTS


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_used_by_those_that_it_names(hook: str) -> None:
    (line,) = re.findall(
        r"^Used by: (.*)$", ast.get_docstring(specification(hook)) or "", flags=re.MULTILINE
    )
    for name in re.findall(r"`axisor-([\w-]+)`", line):
        package = f"plugins/{name}/src/"
        found = [
            path for path in sources.hand_written(".py") if path.as_posix().startswith(package)
        ]
        assert [path for path in found if hook in decorated(sources.tree(path), "hookimpl")]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_test(hook: str) -> None:
    tests = [
        path
        for path in sources.hand_written(".py")
        if path.name.startswith("test_") and not path.as_posix().startswith("tests/house/")
    ]
    assert [path for path in tests if re.search(rf"def test_hook_{hook}\b", sources.text(path))]


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_is_used(hook: str) -> None:
    ours = [
        path for path in sources.hand_written(".py") if path.as_posix().startswith(sources.PACKAGES)
    ]
    assert [path for path in ours if hook in decorated(sources.tree(path), "hookimpl")]


@pytest.mark.parametrize("mark", ["hookspec", "hookspec()", "pluggy.hookspec(firstresult=True)"])
def test_a_hook_is_found_however_it_is_marked(mark: str) -> None:
    assert decorated(ast.parse(f"@{mark}\ndef some_hook(): ..."), "hookspec") == ["some_hook"]
