"""Resources found by the explicit name that another place writes: a secret's name, a table's, a database's identifier, a role's."""

from __future__ import annotations

from collections.abc import Collection, Set

from constructs_lib.readers.cloudformation.database_words import speaks_of_database
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.kinds import TABLES
from constructs_lib.readers.cloudformation.lookups import Names
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Text, Unresolved, Value, concatenated, text_of
from constructs_lib.regex import regex

_SECRET = "AWS::SecretsManager::Secret"  # noqa: S105 - a resource type
_RECORD = "AWS::Route53::RecordSet"
NAMED_BY: dict[str, tuple[str, ...]] = {
    _SECRET: ("Name",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::DynamoDB::GlobalTable": ("TableName",),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier",),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier",),
    "AWS::DocDB::DBCluster": ("DBClusterIdentifier",),
    "AWS::Neptune::DBCluster": ("DBClusterIdentifier",),
    "AWS::DocDB::DBInstance": ("DBInstanceIdentifier",),
    "AWS::Neptune::DBInstance": ("DBInstanceIdentifier",),
    "AWS::RDS::DBProxy": ("DBProxyName",),
    "AWS::RDS::DBProxyEndpoint": ("DBProxyEndpointName",),
    "AWS::SSM::Parameter": ("Name",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::ElastiCache::ReplicationGroup": ("ReplicationGroupId",),
    "AWS::ElastiCache::CacheCluster": ("ClusterName",),
    "AWS::ElastiCache::ServerlessCache": ("ServerlessCacheName",),
    "AWS::MemoryDB::Cluster": ("ClusterName",),
    "AWS::Redshift::Cluster": ("ClusterIdentifier",),
    "AWS::RedshiftServerless::Workgroup": ("WorkgroupName",),
    _RECORD: ("Name",),
}
#: What stands before the name in an ARN, by the kind of thing it names.
_IN_ARN = regex(r"^arn:.*?:(?P<kind>cluster:|db:|table/|secret:|parameter/?|role/|function:|dbuser:)")
#: What such an ARN can be about: something of another kind may have the same name.
_KINDS = {
    "cluster:": tuple(kind for kind in NAMED_BY if "Cluster" in kind),
    "db:": tuple(kind for kind in NAMED_BY if "DBInstance" in kind),
    "table/": TABLES,
    "secret:": (_SECRET,),
    "parameter": ("AWS::SSM::Parameter",),
    "parameter/": ("AWS::SSM::Parameter",),
    "role/": ("AWS::IAM::Role",),
    "function:": ("AWS::Lambda::Function",),
}
#: What Secrets Manager adds to a name: six random characters, hardly ever all small letters, as words are.
_SUFFIX = regex(r"(?<=.)-(?![a-z]{6}$)[A-Za-z0-9]{6}$")


def without_suffix(secret: str) -> str:
    """The name of a secret, of what its ARN ends in."""
    return _SUFFIX.sub("", secret)


class Named:
    """Names of the resources of an estate."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self._names: dict[str, Names[Resource]] = {}
        self._every: Names[Resource] | None = None
        self._in_lower_case: dict[str, dict[str, list[Resource]]] = {}

    def _of(self, resource_type: str) -> Names[Resource]:
        names = self._names.get(resource_type)
        if names is None:
            names = self._names[resource_type] = Names()
            for resource in self.estate.of_type(resource_type):
                for key in NAMED_BY.get(resource_type, ()):
                    names.add(_written(resource, key), resource)
        return names

    def in_any_case(self, name: str, types: Set[str]) -> Resource | None:
        """The one resource of the types whose plain name differs in nothing but case, as identifiers of databases may."""
        found = [resource for kind in types for resource in self._lower(kind).get(name.lower(), ())]
        return found[0] if len(found) == 1 else None

    def _lower(self, kind: str) -> dict[str, list[Resource]]:
        names = self._in_lower_case.get(kind)
        if names is None:
            names = self._in_lower_case[kind] = {}
            for resource in self.estate.of_type(kind):
                for text in {(text_of(resource.get(key)) or "").lower() for key in NAMED_BY.get(kind, ())}:
                    names.setdefault(text, []).append(resource)
        return names

    def _all(self) -> Names[Resource]:
        """Names of every kind: most texts are nobody's name, and one look tells."""
        names = Names[Resource]()
        for kind, keys in NAMED_BY.items():
            for resource in self.estate.of_type(kind):
                for key in keys:
                    names.add(_written(resource, key), resource)
        return names

    def resource(self, name: Value, types: Set[str] | None = None) -> Resource | None:
        """The one resource with that name (or ARN), of any of the types; ``None`` for none or several."""
        if not isinstance(name, (str, Text)):
            return None
        candidate = _without_arn(name)
        found = self._found(candidate, types or _kinds(name) or NAMED_BY.keys())
        if not found and isinstance(name, str) and isinstance(candidate, str) and ":secret:" in name:
            found = self._secrets(candidate, types)
        return found[0] if len(found) == 1 else None

    def _found(self, candidate: Value, types: Collection[str]) -> list[Resource]:
        if self._every is None:
            self._every = self._all()
        if not self._every.may_find(candidate):
            return []
        return [item for kind in types for item in self._of(kind).find(candidate)]

    def _secrets(self, candidate: str, types: Set[str] | None) -> list[Resource]:
        """Secrets by the name inside a whole ARN, which ends in six characters that nobody writes.

        A name with holes fits many, so that the text has to speak of a database as well.
        """
        name = without_suffix(candidate)
        if name == candidate or (types is not None and _SECRET not in types):
            return []
        found = self._found(name, {_SECRET})
        return found if speaks_of_database(name) else [item for item in found if text_of(item.get("Name")) == name]


def _written(resource: Resource, key: str) -> Value:
    """A name as others write it: without the ARN it may be part of, that of a DNS record without the dot at its end."""
    value = resource.get(key)
    if resource.type != _RECORD:
        return _without_arn(value) if isinstance(value, (str, Text)) else value
    if isinstance(value, str):
        return value.removesuffix(".")
    last = value.parts[-1] if isinstance(value, Text) else None
    if not isinstance(value, Text) or not isinstance(last, str) or not last.endswith("."):
        return value
    return concatenated([*value.parts[:-1], last[:-1]])


def _holed(name: Text) -> str:
    """Text with a zero character for every part that is known only when the stack is deployed."""
    return "".join(part if isinstance(part, str) else "\0" for part in name.parts)


def _kinds(name: str | Text) -> tuple[str, ...]:
    """The types that an ARN can be about; none where the text is no ARN or tells nothing."""
    shown = name if isinstance(name, str) else _holed(name)
    match = _IN_ARN.match(shown) if shown.startswith("arn:") else None
    return _KINDS.get(match["kind"], ()) if match is not None else ()


def _without_arn(name: str | Text) -> Value:
    """The name inside an ARN; the text itself when it is no ARN."""
    if isinstance(name, str):
        return _IN_ARN.sub("", name)
    shown = _holed(name)
    match = _IN_ARN.match(shown)
    if match is None:
        return name
    holes = [part for part in name.parts if not isinstance(part, str)]
    rest = holes[shown[: match.end()].count("\0") :]
    pieces: list[Value] = []
    for index, piece in enumerate(shown[match.end() :].split("\0")):
        if index:
            pieces.append(rest[index - 1] if index - 1 < len(rest) else Unresolved("unknown"))
        if piece:
            pieces.append(piece)
    return concatenated(pieces)
