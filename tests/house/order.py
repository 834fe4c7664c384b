"""Finds iterations whose order memory decides: over a set, where the order can reach a result.

A set of texts comes in another order in every process. Going through one is harmless only where the
order is lost again, as in `sorted(...)`, `any(...)` or another set.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator

SETS = frozenset({"set", "frozenset"})
TYPES = SETS | {"AbstractSet", "MutableSet", "Set", "FrozenSet"}
MAKE_SETS = frozenset(
    {"union", "intersection", "difference", "symmetric_difference", "copy"}
)  # of a receiver that is a set itself
OPERATORS = (ast.BitOr, ast.BitAnd, ast.Sub, ast.BitXor)
FORGET_ORDER = SETS | {"sorted", "sum", "min", "max", "any", "all", "len", "bool", "Counter"}
KEEP_ORDER = frozenset({"list", "tuple", "iter", "enumerate", "deque", "map", "filter", "zip"})


def leaks(tree: ast.Module, elsewhere: frozenset[str] = frozenset()) -> Iterator[tuple[int, str]]:
    """Yield the line and the text of every iteration in which a set's order may show.

    `elsewhere` names attributes that hold sets in other modules.
    """
    attributes = set(elsewhere | set_attributes([tree]))
    for scope in ast.walk(tree):
        if isinstance(scope, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef):
            finder = _Finder(_names_of_sets(scope, attributes), attributes)
            for statement in scope.body:
                finder.visit(statement)
            yield from finder.found


def set_attributes(trees: Iterable[ast.Module]) -> frozenset[str]:
    """Return the attributes that are annotated as sets, and nowhere as something else."""
    sets: set[str] = set()
    others: set[str] = set()
    for node in (node for tree in trees for node in ast.walk(tree)):
        for name, annotation in _annotated(node):
            (sets if _is_set_type(annotation) else others).add(name)
    return frozenset(sets - others)


def _annotated(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    match node:
        case ast.AnnAssign(target=ast.Attribute(attr=name), annotation=annotation):
            yield name, annotation
        case ast.ClassDef(body=body):
            for part in body:
                match part:
                    case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                        yield name, annotation
                    case ast.FunctionDef(name=name, returns=ast.expr() as returns):
                        if any(isinstance(d, ast.Name) for d in part.decorator_list):
                            yield name, returns  # a property


def _is_set_type(annotation: ast.expr) -> bool:
    inner = annotation.value if isinstance(annotation, ast.Subscript) else annotation
    if isinstance(annotation, ast.BinOp):  # `set[str] | None`
        return _is_set_type(annotation.left) or _is_set_type(annotation.right)
    return isinstance(inner, ast.Name) and inner.id in TYPES


def _names_of_sets(
    scope: ast.Module | ast.FunctionDef | ast.AsyncFunctionDef, attributes: set[str]
) -> set[str]:
    names: set[str] = set()
    if not isinstance(scope, ast.Module):
        every = (*scope.args.posonlyargs, *scope.args.args, *scope.args.kwonlyargs)
        names |= {a.arg for a in every if a.annotation is not None and _is_set_type(a.annotation)}
    for node in _own(scope):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name), annotation=annotation):
                if _is_set_type(annotation):
                    names.add(name)
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                if _is_set(value, names, attributes):
                    names.add(name)
    return names


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield what stands in a scope, functions within it left out."""
    for child in ast.iter_child_nodes(scope):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        yield child
        yield from _own(child)


def _is_set(value: ast.expr, names: set[str], attributes: set[str]) -> bool:
    match value:
        case ast.Set() | ast.SetComp():
            return True
        case ast.Call(func=ast.Name(id=name)):
            return name in SETS
        case ast.Call(func=ast.Attribute(value=receiver, attr=name)):
            return name in MAKE_SETS and _is_set(receiver, names, attributes)
        case ast.BinOp(left=left, op=op, right=right):
            either = _is_set(left, names, attributes) or _is_set(right, names, attributes)
            return isinstance(op, OPERATORS) and either
        case ast.IfExp(body=body, orelse=orelse):
            return _is_set(body, names, attributes) or _is_set(orelse, names, attributes)
        case ast.Name(id=name):
            return name in names
        case ast.Attribute(attr=name):
            return name in attributes
    return False


class _Finder(ast.NodeVisitor):
    def __init__(self, names: set[str], attributes: set[str]) -> None:
        self.found: list[tuple[int, str]] = []
        self._names = names
        self._attributes = attributes
        self._forgets: set[ast.AST] = set()

    def _check(self, iterated: ast.expr) -> None:
        if _is_set(iterated, self._names, self._attributes):
            self.found.append((iterated.lineno, ast.unparse(iterated)))

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Leave functions within to their own turn."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Leave functions within to their own turn."""

    def visit_For(self, node: ast.For) -> None:
        """Look at a loop."""
        self._check(node.iter)
        self.generic_visit(node)

    def visit_Starred(self, node: ast.Starred) -> None:
        """Look at an unpacking."""
        if node not in self._forgets:
            self._check(node.value)
        self.generic_visit(node)

    def visit_Set(self, node: ast.Set) -> None:
        """Let a set be unpacked into a set."""
        self._forgets.update(node.elts)
        self.generic_visit(node)

    def visit_ListComp(self, node: ast.ListComp) -> None:
        """Look at a comprehension that keeps the order."""
        self._comprehension(node)

    def visit_DictComp(self, node: ast.DictComp) -> None:
        """Look at a comprehension that keeps the order."""
        self._comprehension(node)

    def visit_GeneratorExp(self, node: ast.GeneratorExp) -> None:
        """Look at a generator, unless its order is lost."""
        self._comprehension(node)

    def _comprehension(self, node: ast.ListComp | ast.DictComp | ast.GeneratorExp) -> None:
        if node not in self._forgets:
            for part in node.generators:
                self._check(part.iter)
        self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        """Look at calls that go through their argument in order, or forget it."""
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if isinstance(node.func, ast.Attribute):
            if node.func.attr == "pop" and not node.args:
                self._check(node.func.value)
            if node.func.attr in {"join", "extend", "fromkeys"}:
                for argument in node.args[:1]:
                    self._check(argument)
            if node.func.attr in {"update", "issubset", "issuperset", "isdisjoint"}:
                self._forgets.update(node.args)
        if name in KEEP_ORDER:
            for argument in node.args:
                self._check(argument)
        if name in FORGET_ORDER:
            self._forgets.update(node.args)
        self.generic_visit(node)
