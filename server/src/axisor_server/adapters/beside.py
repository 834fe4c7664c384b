"""Imports a plugin's present sources beside the ones that were imported before.

The sources are read once and named anew, so that both are whole: their imports of each other are
rewritten to the new names, and nothing of the old is replaced. What could still reach the old by a
name made at run time is refused.
"""

from __future__ import annotations

import ast
import asyncio
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from importlib.abc import InspectLoader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from importlib.util import spec_from_loader
from types import CodeType, ModuleType
from typing import Any

from axisor.errors import UpgradeUnsound
from axisor.sources import hash_of
from axisor.strategy import Strategy

UNTAKEN = ("importlib", "pkgutil", "pickle")
"""Modules that find others by names made at run time."""

Found = dict[str, type[Strategy[Any, Any]]]


async def load_beside(module: str, sources: Mapping[str, bytes]) -> Found:
    """Import sources under a name of their own and return the strategies they offer.

    Raises UpgradeUnsound for what cannot be loaded beside itself, or at all.
    """
    # In a thread: a plugin's import may take its time, and nobody waits for that.
    return await asyncio.to_thread(_load, module, sources)


async def imported(entry: EntryPoint) -> Any:
    """Import what an entry point names. Whatever its import raises passes through."""
    return await asyncio.to_thread(entry.load)


def _load(module: str, sources: Mapping[str, bytes]) -> Found:
    alias = f"{module.replace('.', '_')}__{hash_of(sources)[:16]}"
    finder = Beside(module, alias, sources)
    sys.meta_path.insert(0, finder)
    found: Found = {}
    try:
        register = getattr(import_module(alias), "register_strategies", None)
        if register is not None:
            register(lambda strategy: found.update({strategy.name: strategy}))
    except UpgradeUnsound:
        raise
    except Exception as error:  # a plugin's import may fail in any way
        for name in [name for name in sys.modules if name.partition(".")[0] == alias]:
            del sys.modules[name]
        raise UpgradeUnsound(f"It cannot be imported: {type(error).__name__}: {error}") from error
    finally:
        sys.meta_path.remove(finder)
    return found


class Beside(MetaPathFinder, InspectLoader):
    """Finds the modules of one snapshot of a plugin under their new names, from memory."""

    def __init__(self, module: str, alias: str, sources: Mapping[str, bytes]) -> None:
        """Take the plugin's module, what it is called here, and its sources by module name.

        Raises UpgradeUnsound for sources that look up modules at run time, or are none.
        """
        self._alias = alias
        self._names = {name: alias + name.removeprefix(module) for name in sources}
        self._trees: dict[str, ast.Module] = {}
        parents = {name.rpartition(".")[0] for name in sources}
        self._packages = {self._names[name] for name in parents.intersection(sources)}
        for name, source in sources.items():
            try:
                tree = ast.parse(source, filename=name)
            except (SyntaxError, ValueError) as error:
                raise UpgradeUnsound(f"{name} cannot be read: {error}") from error
            _refuse_lookups(name, tree)
            renamed = ast.fix_missing_locations(_Renamed(self._names).visit(tree))
            self._trees[self._names[name]] = renamed
        # Imports within functions come later, when this finder is away: they are made here.
        self._late = [each for each in self._trees if not each.endswith(".__main__")]

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find a module of the snapshot."""
        if fullname not in self._trees:
            return None
        return spec_from_loader(fullname, self, is_package=self.is_package(fullname))

    def is_package(self, fullname: str) -> bool:
        """Return whether others are below a module."""
        return fullname in self._packages

    def get_source(self, fullname: str) -> str:
        """Return a module's source as it is run."""
        return ast.unparse(self._trees[fullname])

    def get_code(self, fullname: str) -> CodeType:
        """Return a module's code."""
        tree = self._trees[fullname]
        return compile(tree, f"<{fullname}>", "exec", dont_inherit=True)

    def exec_module(self, module: ModuleType) -> None:
        """Run a module; after the plugin's own, all others, so that none is looked for later."""
        super().exec_module(module)
        if module.__name__ == self._alias:
            for name in self._late:
                import_module(name)


class _Renamed(ast.NodeTransformer):
    """Imports by new names what the plugin imports of itself."""

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names

    def visit_Import(self, node: ast.Import) -> Any:
        made: list[ast.stmt] = []
        for each in node.names:
            if each.name not in self._names:
                made.append(ast.Import(names=[each]))
            elif each.asname or "." not in each.name:
                new = ast.alias(self._names[each.name], each.asname or each.name)
                made.append(ast.Import(names=[new]))
            else:
                raise UpgradeUnsound(
                    f"It says `import {each.name}`; say `from … import …`, or restart the core."
                )
        return [ast.copy_location(each, node) for each in made]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        if node.level or node.module is None:
            return node
        if node.module in self._names:
            new = ast.ImportFrom(self._names[node.module], node.names, 0)
            return ast.copy_location(new, node)
        made: list[ast.stmt] = []
        for each in node.names:
            whole = self._names.get(f"{node.module}.{each.name}")
            if whole is None:
                made.append(ast.ImportFrom(node.module, [each], 0))
            else:
                made.append(ast.Import([ast.alias(whole, each.asname or each.name)]))
        return [ast.copy_location(each, node) for each in made]


def _refuse_lookups(name: str, tree: ast.Module) -> None:
    """Refuse what finds modules by names made at run time. Raises UpgradeUnsound."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                used = {each.name.partition(".")[0] for each in names}
            case ast.ImportFrom(module=str(module), level=0):
                used = {module.partition(".")[0]}
            case ast.Name(id="__import__"):
                used = {"importlib"}
            case ast.Attribute(value=ast.Name(id="sys"), attr="modules"):
                used = {"importlib"}
            case _:
                continue
        if used.intersection(UNTAKEN):
            raise UpgradeUnsound(f"{name} looks up modules by name, which may be the old ones.")
