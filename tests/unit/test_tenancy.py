"""Where transactions may be taken and what a query must name, read from the code itself.

A string of SQL is put together as far as its parts are written in the module: constants, f-strings,
variables of the function, and what the functions of the module return. What remains unknown stands
as `\\0`. A query passes when every tenant's table in it is compared by `account_id`.
"""

from __future__ import annotations

import ast
import importlib
import re
import sqlite3
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import waflows
from waflows.storage import migrate
from waflows.storage.rows import Rows
from waflows.storage.side import side_migrations

_PACKAGE = Path(waflows.__file__).parent
_UNKNOWN = "\0"
_QUERIES = {"one", "all", "each", "execute", "execute_each"}

_ALLOWED = {
    "accounts.key_by_id": "the key that is presented says which account the caller belongs to",
    "backup": "copies every row of every account",
    "checking": "looks at a database as a whole",
    "compact._compress_some": "compresses the revisions of every account",
    "error_records.delete_older": "retention",
    "error_records.find_by_id": "for operators",
    "error_records.latest": "for operators",
    "error_records.some_rows": "moves errors of every account to another file",
    "flows.find_by_id": "of a link, whose token then proves the right to the flow",
    "messages.forget_older": "retention",
    "migrate": "runs the statements of migrations",
    "outbox.backlog": "a metric",
    "outbox.bring_back": "the worker, when a clock was set back",
    "outbox.due": "the worker takes work of every account",
    "outbox.due_of": "the worker takes work of every account; ids of webhooks are unique",
    "outbox.first_due_of_each": "the worker takes work of every account",
    "outbox.forget": "retention",
    "outbox.next_due": "the worker takes work of every account",
    "rate_limits.delete_stale": "retention",
    "rows": "makes SQL for any table; it is read where it is used",
    "sessions.delete_expired": "ends what is over, of every account",
    "submissions.accounts_with_any": "retention asks for which accounts it has work",
}
"""Operations across accounts, by module and function, and why they are such."""


class Violation(NamedTuple):
    """What breaks a rule, and where: the module and the outermost function."""

    where: str
    what: str


# --- who takes a transaction


def _transactions_taken(source: str, module: str) -> list[Violation]:
    """The functions that take a transaction, and the queries that are made there."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            given = node.args
            for one in (*given.posonlyargs, *given.args, *given.kwonlyargs):
                if one.arg == "tx" or _is_transaction(one.annotation):
                    name = getattr(node, "name", "lambda")
                    found.append(Violation(f"{module}.{name}", "takes a transaction"))
        if _is_query(node):
            found.append(Violation(f"{module}:{node.lineno}", "makes a query"))  # type: ignore[attr-defined]
    return found


def _is_transaction(annotation: ast.expr | None) -> bool:
    """Whether a parameter is a transaction, or may be one; not a function that takes one."""
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        annotation = ast.parse(annotation.value, mode="eval").body
    if isinstance(annotation, ast.BinOp):
        return _is_transaction(annotation.left) or _is_transaction(annotation.right)
    name = annotation.attr if isinstance(annotation, ast.Attribute) else None
    name = annotation.id if isinstance(annotation, ast.Name) else name
    return name is not None and name.endswith("Transaction")


def _is_query(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in _QUERIES
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "tx"
    )


# --- what a query names


class _Reader:
    """Puts the SQL of one module together."""

    def __init__(self, source: str, names: Mapping[str, Any]) -> None:
        self.tree = ast.parse(source)
        self._names = names
        self._functions = {
            node.name: node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)
        }

    def texts(self) -> Iterator[tuple[str, str, bool]]:
        """Every string that is written, its outermost function, and whether it is a query made."""
        for statement in self.tree.body:
            name = getattr(statement, "name", "")
            function = statement if isinstance(statement, ast.FunctionDef) else None
            for expression, is_query in _expressions(statement):
                yield name, self.text(expression, function), is_query

    def text(self, node: ast.expr, function: ast.FunctionDef | None, depth: int = 0) -> str:
        """What an expression says, as far as that is written in the module."""
        if depth > 6:
            return _UNKNOWN
        match node:
            case ast.Constant(value=str(text)):
                return text
            case ast.JoinedStr(values=parts):
                return "".join(self.text(part, function, depth + 1) for part in parts)
            case ast.FormattedValue(value=value):
                return self.text(value, function, depth + 1)
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                both = (self.text(part, function, depth + 1) for part in (left, right))
                return "".join(both)
            case ast.Call(func=ast.Name(id=name)) if name in self._functions:
                return self._returned(self._functions[name], depth + 1)
            case ast.Name(id=name) if function is not None and _assigned(function, name):
                given = _assigned(function, name)
                return " ".join(self.text(value, function, depth + 1) for value in given)
        return self._evaluated(node)

    def _returned(self, function: ast.FunctionDef, depth: int) -> str:
        """Every text that a function of the module may return, or a part of it."""
        texts = [self.text(expression, function, depth) for expression, _ in _expressions(function)]
        texts += [
            self.text(node.value, function, depth)
            for node in ast.walk(function)
            if isinstance(node, ast.Return) and isinstance(node.value, ast.Call)
        ]
        return " ".join(texts)

    def _evaluated(self, node: ast.expr) -> str:
        """What an expression is in the module, where it needs nothing of a function."""
        try:
            value = eval(compile(ast.Expression(node), "<sql>", "eval"), dict(self._names))
        except Exception:  # it needs a variable, so it is not known here
            return _UNKNOWN
        return value if isinstance(value, str) else _UNKNOWN


def _expressions(root: ast.AST) -> Iterator[tuple[ast.expr, bool]]:
    """The strings under a node that are part of no other, and whether each is a query made.

    Docstrings are left out.
    """
    for node in ast.iter_child_nodes(root):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            continue
        if _is_query(node):
            assert isinstance(node, ast.Call)
            yield node.args[0], True
            for argument in (*node.args[1:], *node.keywords):
                yield from _expressions(argument)
        elif (
            isinstance(node, ast.JoinedStr)
            or (isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add))
            or (isinstance(node, ast.Constant) and isinstance(node.value, str))
        ):
            yield node, False
        else:
            yield from _expressions(node)


def _assigned(function: ast.FunctionDef, name: str) -> list[ast.expr]:
    """What a function gives to a variable of it, by itself or beside others."""
    found = []
    for node in ast.walk(function):
        targets: list[ast.expr] = []
        if isinstance(node, ast.Assign):
            targets = node.targets
        elif isinstance(node, ast.AugAssign | ast.AnnAssign):
            targets = [node.target]
        for target in targets:
            pairs = [(target, node.value)]  # type: ignore[attr-defined]
            if isinstance(target, ast.Tuple):
                value = node.value  # type: ignore[attr-defined]
                alike = isinstance(value, ast.Tuple) and len(value.elts) == len(target.elts)
                values = value.elts if alike else [value] * len(target.elts)
                pairs = list(zip(target.elts, values, strict=True))
            found += [
                value
                for one, value in pairs
                if isinstance(one, ast.Name) and one.id == name and value is not None
            ]
    return found


_REFERENCE = re.compile(
    r"\b(FROM|JOIN|UPDATE|INTO)\s+([\w\0]+)(?:\s+(?:AS\s+)?(?!WHERE\b|SET\b|ON\b|ORDER\b|JOIN\b"
    r"|LEFT\b|CROSS\b|GROUP\b|LIMIT\b|VALUES\b|RETURNING\b|UNION\b|AND\b)([A-Za-z]\w*))?"
)
_INSERTED = re.compile(r"\bINTO\s+(\w+)\s*\(([^)]*)\)")


def _unnamed(sql: str, tables: frozenset[str]) -> list[str]:
    """The tenants' tables in a query that it does not compare by account."""
    inserted = dict(_INSERTED.findall(sql))
    missing, plain = [], []
    for verb, table, alias in _REFERENCE.findall(sql):
        if table.startswith(_UNKNOWN):
            missing.append("a table that is not written out")
        elif table not in tables:
            continue
        elif verb == "INTO":
            if "account_id" not in inserted.get(table, ""):
                missing.append(table)
        elif alias:
            if not _compared(sql, rf"\b{alias}\."):
                missing.append(table)
        else:
            plain.append(table)
    known = len(re.findall(r"(?<![\w.])account_id = |\(account_id, \w+(?:, \w+)*\) IN", sql))
    known += sum(_compared(sql, rf"\b{table}\.") for table in set(plain))
    return missing + plain[known:]


def _compared(sql: str, prefix: str) -> bool:
    return bool(re.search(rf"{prefix}account_id =|= {prefix}account_id\b", sql))


def _queries_unnamed(
    source: str, module: str, names: Mapping[str, Any], tables: frozenset[str]
) -> list[Violation]:
    """The queries of a module that name no account for a tenant's table."""
    found = []
    for function, sql, is_query in _Reader(source, names).texts():
        where = f"{module}.{function}" if function else module
        found += [Violation(where, f"{table}: {sql}") for table in _unnamed(sql, tables)]
        if is_query and sql == _UNKNOWN:
            found.append(Violation(where, "a query that is not written out"))
    return found


# --- the rules


@pytest.fixture(scope="module")
def tables() -> frozenset[str]:
    """The tables whose rows belong to accounts."""
    connection = sqlite3.connect(":memory:")
    for migration in [*migrate.bundled(), *side_migrations()]:
        if migration.number == 1 and "errors" in migration.name:
            continue  # the same table as among the facts
        connection.executescript(migration.sql)
    found = connection.execute(
        "SELECT m.name FROM sqlite_master m JOIN pragma_table_info(m.name) c"
        " WHERE m.type = 'table' AND c.name = 'account_id'"
    )
    return frozenset(name for (name,) in found)


def _modules(*folders: str) -> Iterator[tuple[str, str]]:
    """Every module outside of some folders, by name, with its source."""
    for path in sorted(_PACKAGE.rglob("*.py")):
        inside = path.relative_to(_PACKAGE)
        if inside.parts[0] not in folders:
            yield str(inside.with_suffix("")).replace("/", "."), path.read_text("utf-8")


def test_only_services_and_storage_take_a_transaction() -> None:
    found = [
        violation
        for module, source in _modules("services", "storage")
        for violation in _transactions_taken(source, module)
    ]
    assert found == []


def test_only_storage_makes_queries() -> None:
    found = [
        violation
        for module, source in _modules("storage")
        for violation in _transactions_taken(source, module)
        if violation.what == "makes a query"
    ]
    assert found == []


def test_every_query_on_a_tenants_table_names_the_account(tables: frozenset[str]) -> None:
    found: dict[str, list[str]] = {}
    for path in sorted((_PACKAGE / "storage").glob("*.py")):
        module = importlib.import_module(f"waflows.storage.{path.stem}")
        source = path.read_text("utf-8")
        for where, what in _queries_unnamed(source, path.stem, vars(module), tables):
            found.setdefault(where, []).append(what)

    def is_allowed(where: str) -> bool:
        return where in _ALLOWED or where.split(".", maxsplit=1)[0] in _ALLOWED

    assert {where: what for where, what in found.items() if not is_allowed(where)} == {}
    # An entry that is needed no more would hide the next mistake.
    needed = {where if where in _ALLOWED else where.split(".")[0] for where in found}
    assert sorted(set(_ALLOWED) - needed) == []


@pytest.mark.parametrize(
    "source",
    [
        "def f(tx: Transaction) -> None: ...",
        "async def f(x: int, *, tx: database.Transaction) -> None: ...",
        "def f(t: 'Transaction | None') -> None: ...",
        "def f(t: SqliteTransaction, /) -> None: ...",
        "class A:\n    def f(self, t: Transaction) -> None: ...",
        "db.read_now(lambda tx: 1)",
    ],
)
def test_a_function_elsewhere_that_takes_a_transaction_is_found(source: str) -> None:
    assert [one.what for one in _transactions_taken(source, "planted")] == ["takes a transaction"]


def test_a_function_that_is_given_a_use_case_is_not_taken_for_one_that_takes_a_transaction() -> (
    None
):
    source = "def f(read: Callable[Concatenate[Transaction, P], T], db: Database) -> None: ..."
    assert _transactions_taken(source, "planted") == []


def test_a_query_outside_of_storage_is_found() -> None:
    [found] = _transactions_taken("rows = tx.all('SELECT 1')", "planted")
    assert found == Violation("planted:1", "makes a query")


_PLANTED = {
    "no condition": 'tx.one("SELECT id FROM flows WHERE id = ?", id)',
    "selected alone": 'tx.one("SELECT account_id, id FROM flows WHERE id = ?", id)',
    "update": 'tx.execute("UPDATE flows SET name = ? WHERE id = ?", name, id)',
    "delete": 'tx.execute("DELETE FROM messages WHERE umid = ?", id)',
    "many": 'tx.execute_each("DELETE FROM messages WHERE umid = ?", ids)',
    "subquery": 'tx.all("SELECT id FROM flows WHERE account_id = ? AND id IN'
    ' (SELECT flow_id FROM templates)", account)',
    "join": 'tx.all("SELECT f.id FROM flows f JOIN channels c ON c.id = f.channel_id'
    ' WHERE f.account_id = ?", account)',
    "f-string": 'tx.all(f"SELECT id FROM flows ORDER BY {order}")',
    "variable": 'where = "id = ?"\n    tx.all(f"SELECT id FROM flows WHERE {where}", id)',
    "a part of a query": 'which = "id IN (SELECT id FROM submissions LIMIT ?)"',
    "sum": 'tx.all("SELECT id FROM flows" + " WHERE id = ?", id)',
    "translation": "tx.all(_ROWS.select)",
    "translation and condition": 'tx.all(f"{_ROWS.select} WHERE id = ?", id)',
    "returned": 'tx.all(f"SELECT id FROM flows WHERE {_where(id)}", id)',
    "inserted": 'tx.execute("INSERT INTO flows (id, name) VALUES (?, ?)", id, name)',
    "unknown table": 'tx.all(f"SELECT id FROM {table}")',
    "unknown query": "tx.all(sql)",
}


@pytest.mark.parametrize("planted", _PLANTED.values(), ids=_PLANTED)
def test_a_query_without_the_account_is_found(planted: str, tables: frozenset[str]) -> None:
    assert len(_planted(planted, tables)) == 1


@pytest.mark.parametrize(
    "sound",
    [
        'tx.one("SELECT id FROM flows WHERE account_id = ? AND id = ?", account, id)',
        'tx.all(f"{_ROWS.select} WHERE account_id = ?", account)',
        'where = "account_id = ?"\n    tx.all(f"SELECT id FROM flows WHERE {where}", account)',
        'tx.all(f"SELECT id FROM flows WHERE {_and_account()}", account)',
        'tx.all("SELECT f.id FROM flows f JOIN channels c ON c.account_id = f.account_id")',
        'tx.execute("INSERT INTO flows (account_id, id) VALUES (?, ?)", account, id)',
        'tx.one("SELECT value FROM instance WHERE name = ?", name)',
    ],
)
def test_a_query_with_the_account_passes(sound: str, tables: frozenset[str]) -> None:
    assert _planted(sound, tables) == []


def _planted(line: str, tables: frozenset[str]) -> list[Violation]:
    source = (
        "def _where(id):\n    return 'id = ?'\n\n\n"
        "def _and_account():\n    return 'account_id = ?'\n\n\n"
        f"def planted(tx, account, id, order, table, sql):\n    {line}\n"
    )
    from waflows.storage.flows import FlowSummary

    names = {"_ROWS": Rows("flows", FlowSummary)}
    return _queries_unnamed(source, "planted", names, tables)
