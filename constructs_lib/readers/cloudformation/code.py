"""Inline code of a function, read for two questions only: which environment variables it uses, and whether it can reach a database."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from constructs_lib.readers.cloudformation.sam import SHARED
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Text, Value, scalar_text
from constructs_lib.regex import regex

#: An environment variable whose name the code puts together: os.environ[x + "_HOST"], process.env[name].
_COMPUTED = regex(r"(?:environ(?:\.get)?\s*[\[(]|getenv\s*\(|process\.env\s*\[)\s*(?!['\"][A-Za-z0-9_]+['\"]\s*[\]),])")
_LITERAL = regex(r"['\"]([A-Za-z0-9_]{4,})['\"]")
_QUOTED = regex(r"['\"]([^'\"\s]{4,500})['\"]")
_NAME = r"[A-Za-z0-9_.-]{3,255}"
#: The name of a table in writing: Table('notes'), TableName: 'notes', notesTableName = 'notes', TABLE_NAME = 'notes'.
_TABLE = regex(rf"(?:\bTable\(\s*|table_?name['\"]?\s*[:=]\s*|\btable\s*=\s*)['\"]({_NAME})['\"]", re.IGNORECASE)
#: The table of a statement of PartiQL, which DynamoDB takes as well.
_PARTIQL = regex(
    rf"\b(?:select\s[^;]{{0,120}}?\sfrom|insert\s+into|delete\s+from)\s+\\?\"?(?P<name>{_NAME})"
    rf"|\bupdate\s+\\?\"?(?P<changed>{_NAME})\\?\"?\s+(?:set|remove)\b",
    re.IGNORECASE,
)
_EXECUTES = regex(r"execute_?statement|partiql", re.IGNORECASE)
#: What runs statements of SQL by a call of the same name.
_DATA_API = regex(r"rds-?data|redshift-?data", re.IGNORECASE)
_SMALLEST = 24
_ENVIRONMENT = regex(r"environ|getenv|process\.env")
_IMPORT = regex(r"^\s*(?:import|from)\s+([A-Za-z_][\w.]*(?:\s*,\s*[A-Za-z_][\w.]*)*)", re.MULTILINE)
_REQUIRE = regex(r"\b(?:require\s*\(|from|import)\s*['\"]([^'\"]+)['\"]")
#: What reaches AWS's own APIs and names of hosts at most; anything else may be a driver of a database.
_HARMLESS = frozenset({
    "__future__", "base64", "boto3", "botocore", "cfnresponse", "collections", "copy", "dataclasses", "datetime", "decimal", "enum",
    "functools", "hashlib", "ipaddress", "itertools", "json", "logging", "math", "operator", "os", "random", "re", "socket", "string",
    "sys", "time", "traceback", "typing", "uuid",
    "aws-sdk", "cfn-response", "crypto", "dns", "path", "url", "util",
})  # fmt: skip
_CLIENTS = frozenset({"boto3", "botocore", "aws-sdk"})
#: What opens a connection or runs statements without a driver: a socket, or a data API.
_TALKS = regex(
    r"connect|execute|sendall|rds-data|rdsdata|redshift-data|\bselect\b.+\bfrom\b", re.IGNORECASE | re.DOTALL
)


class InlineCode:
    """The source text of a function that a template carries; absent when the code lies elsewhere."""

    def __init__(self, function: Resource) -> None:
        self._function = function

    @cached_property
    def text(self) -> str | None:
        return _source(self._function.get("Code", "ZipFile"))

    def literals(self) -> Iterator[str]:
        """Text in quotation marks that may be an address: without spaces, and with a dot."""
        for match in _QUOTED.finditer(self.text or ""):
            if "." in match[1]:
                yield match[1]

    def tables(self) -> Iterator[str]:
        """Names that the code gives to tables, as far as it speaks of DynamoDB."""
        if self.speaks_of_dynamodb() and self.text is not None:
            found = [match[1] for match in _TABLE.finditer(self.text)]
            if _EXECUTES.search(self.text) and not _DATA_API.search(self.text):
                found += [match["name"] or match["changed"] for match in _PARTIQL.finditer(self.text)]
            yield from dict.fromkeys(found)

    def speaks_of_dynamodb(self) -> bool:
        """Whether the code mentions DynamoDB; not where it is not here to be read."""
        return self.text is not None and "dynamo" in self.text.lower()

    def may_use(self, variable: str) -> bool:
        """Whether the code may read the variable: it names it, builds names that begin or end like it, or is not here to be read."""
        if self.text is None or variable in self.text:
            return True
        if not _ENVIRONMENT.search(self.text):
            # A placeholder that is replaced after the deployment says nothing about the variables that were written for it.
            return variable not in self._function.body.get(SHARED, ())
        if not _COMPUTED.search(self.text):
            return False
        pieces = [match.group(1) for match in _LITERAL.finditer(self.text)]
        return any(variable.startswith(piece) or variable.endswith(piece) for piece in pieces)

    def may_connect(self) -> bool:
        """Whether the code may talk to a database: it imports what could be a driver, opens connections, or is not here to be read."""
        if self.text is None or not _ENVIRONMENT.search(self.text) or _TALKS.search(self.text):
            return True
        used = list(_imported(self.text))
        return not used or any(name not in _HARMLESS and not name.startswith("@aws-sdk/") for name in used)

    def calls_aws(self) -> bool:
        """Whether the code loads a client of AWS's own APIs."""
        used = _imported(self.text or "")
        return any(name in _CLIENTS or name.startswith("@aws-sdk/") for name in used)


def _imported(text: str) -> Iterator[str]:
    """The modules that Python or JavaScript loads, by the first part of a dotted name."""
    for match in _IMPORT.finditer(text):
        yield from (name.strip().split(".", 1)[0] for name in match.group(1).split(","))
    for match in _REQUIRE.finditer(text):
        yield match.group(1).removeprefix("node:")


def _source(value: Value) -> str | None:
    if isinstance(value, Text):
        value = "".join(part for part in value.parts if isinstance(part, str))
    text = scalar_text(value)
    return text if text is not None and len(text) >= _SMALLEST else None
