"""Values of environment variables followed to the resources behind them: through names, SSM parameters and dynamic references."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from constructs_lib.readers.cloudformation.clues import Use
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Either,
    Reference,
    Text,
    Unresolved,
    Value,
    concatenated,
    pattern_of,
)
from constructs_lib.regex import regex

DEEPEST = 6
#: Stands for the variables of which a Terraform plan shows nothing but what they refer to.
HIDDEN_NAME = "whose name is known after apply"
#: Stands beside it where what nobody sees may lead to a store.
HIDDEN_STORE = "that may lead to a store"
#: A function's whole environment may have 4 KB, a policy 10 KB: longer text is no name of anything.
LONGEST = 16_384
_STORED = regex(r"\{\{resolve:ssm(?:-secure)?:(.+?)(?::\d+)?\}\}")
_SECRET = regex(r"\{\{resolve:secretsmanager:(.+?)(?::SecretString.*)?\}\}")
_SSM = "AWS::SSM::Parameter"
#: One parameter, or those below a path, in the ARN of a policy; all of them are no hint at any.
_PATH = regex(r":parameter/+(?P<name>[A-Za-z0-9_.-][^*\0]*)(?P<below>\*?)$")
_RECORD = "AWS::Route53::RecordSet"


class Environment:
    """Follows values of one estate."""

    def __init__(self, estate: Estate, named: Named) -> None:
        self.estate = estate
        self.named = named
        self._parameters: list[tuple[str, Resource]] | None = None
        self._known: dict[str | Text | Reference, tuple[Use, ...]] = {}

    def uses(self, value: Value, where: str) -> Sequence[Use]:
        """The resources a value leads to."""
        if value is None:
            return ()
        if isinstance(value, (str, Text, Reference)):
            found = self._known.get(value)
            if found is None:
                found = self._known[value] = tuple(self._follow(value, "", "", 0))
        else:
            found = tuple(self._follow(value, "", "", 0))
        # How a value leads somewhere is told after the place where it stands.
        return [use._replace(where=where + use.where) for use in found] if found and where else found

    def parameters(self, resource: Value, where: str) -> Iterator[Use]:
        """What the SSM parameters lead to that the resource of a policy covers: one by name, or all below a path."""
        path = _PATH.search(_shown(resource)) if isinstance(resource, (str, Text)) else None
        if path is None:
            yield from (use for use in self.uses(resource, where) if "SSM parameter" in use.where)
            return
        for name, stored in self._parameter_names():
            if name == path["name"] or (path["below"] and name.startswith(path["name"])):
                yield from self._follow(stored.get("Value"), f"{where}, SSM parameter '{stored.id}'", "", 1)

    def below(self, value: Value, where: str) -> Iterator[Use]:
        """What the SSM parameters lead to whose names lie below the path that a value is."""
        shown = _shown(value) if isinstance(value, (str, Text)) else ""
        folder = shown.strip("/")
        if folder and shown.startswith("/"):
            for name, stored in self._parameter_names():
                if name.startswith(f"{folder}/"):
                    yield from self._follow(stored.get("Value"), f"{where}, SSM parameter '{stored.id}'", "", 1)

    def is_below(self, resource: Value, value: Value) -> bool:
        """Whether the resource of a policy covers an SSM parameter below the path that a value is."""
        if not isinstance(resource, (str, Text)) or not isinstance(value, (str, Text)):
            return False
        shown, folder = _shown(resource), _shown(value).strip("/")
        _, stored, name = shown.partition(":parameter/")
        start = name.partition("*")[0].strip("/")
        covered = folder.startswith(start) if "*" in name else False
        return shown == "*" or (bool(stored) and (covered or start.startswith(f"{folder}/")))

    def _parameter_names(self) -> list[tuple[str, Resource]]:
        """Every SSM parameter by its name without the leading slash, read once."""
        if self._parameters is None:
            named = [(stored.get("Name"), stored) for stored in self.estate.of_type(_SSM)]
            self._parameters = [
                (_shown(name).lstrip("/"), stored) for name, stored in named if isinstance(name, (str, Text))
            ]
        return self._parameters

    def literal(self, value: Value, depth: int = 0) -> Value:
        """The value itself, or what the SSM parameter behind it holds."""
        if depth > DEEPEST:
            return value
        if isinstance(value, Reference):
            resource = self.estate.resource(value)
            if resource is not None and resource.type == _SSM:
                return self.literal(resource.get("Value"), depth + 1)
        elif isinstance(value, str) and len(value) <= LONGEST:
            match = _STORED.fullmatch(value)
            stored = self.estate.stored(match.group(1)) if match else self.estate.stored(value)
            return value if isinstance(stored, Unresolved) else self.literal(stored, depth + 1)
        return value

    def _follow(self, value: Value, where: str, guess: str, depth: int) -> Iterator[Use]:
        if depth > DEEPEST:
            return
        if isinstance(value, Either):
            for option in value.options:
                yield from self._follow(option, where, guess or "it depends on a condition", depth + 1)
        elif isinstance(value, list):
            for item in value:
                yield from self._follow(item, where, guess, depth + 1)
        elif isinstance(value, dict):
            yield from self._follow(list(value.values()), where, guess, depth + 1)
        elif isinstance(value, Reference):
            yield from self._reference(value, "", where, guess, depth)
        elif isinstance(value, (str, Text)):
            yield from self._text(value, where, guess, depth)

    def _reference(self, reference: Reference, text: str, where: str, guess: str, depth: int) -> Iterator[Use]:
        resource = self.estate.resource(reference)
        if resource is None:
            return
        if resource.type == _SSM:
            yield from self._follow(resource.get("Value"), f"{where}, SSM parameter '{resource.id}'", guess, depth + 1)
            return
        if resource.type == _RECORD:
            yield from self._record(resource, where, guess, depth)
            return
        yield Use(resource, reference.attribute, where, reference.guess or guess, text)

    def _record(self, resource: Resource, where: str, guess: str, depth: int) -> Iterator[Use]:
        """What the name of a DNS record leads to."""
        target = resource.get("ResourceRecords") or resource.get("AliasTarget", "DNSName")
        yield from self._follow(target, f"{where}, DNS record '{resource.id}'", guess, depth + 1)

    def _text(self, value: str | Text, where: str, guess: str, depth: int) -> Iterator[Use]:
        shown = _shown(value)
        if len(shown) > LONGEST:
            return
        if isinstance(value, Text):
            for part in value.parts:
                if isinstance(part, Reference):
                    yield from self._reference(part, shown, where, guess, depth)
        if "{{resolve:" in shown:
            yield from self._dynamic(value, shown, where, guess, depth)
            return
        resource = self.named.resource(value)
        if resource is None or (isinstance(value, str) and len(value) < 3):
            return
        if resource.type == _SSM:
            found = resource.get("Value")
            yield from self._follow(found, f"{where}, SSM parameter '{resource.id}' by name", guess, depth + 1)
        elif resource.type == _RECORD:
            yield from self._record(resource, where, guess, depth)
        else:
            yield Use(resource, "name", where, guess, shown)

    def _dynamic(self, value: str | Text, shown: str, where: str, guess: str, depth: int) -> Iterator[Use]:
        """Dynamic references inside text: the SSM parameter or secret they name."""
        for match in _STORED.finditer(shown):
            found = self.estate.stored(_cut(value, shown, *match.span(1)))
            if not isinstance(found, Unresolved):
                yield from self._follow(
                    found, f"{where}, SSM parameter {match.group(1)}".replace("\0", "…"), guess, depth + 1
                )
        for match in _SECRET.finditer(shown):
            secret = self.named.resource(_cut(value, shown, *match.span(1)), {"AWS::SecretsManager::Secret"})
            if secret is not None:
                yield Use(secret, "name", where, guess, shown)


def _shown(value: str | Text) -> str:
    pattern = pattern_of(value) or ()
    return "".join("\0" if part is None else part for part in pattern)


def _cut(value: str | Text, shown: str, start: int, end: int) -> Value:
    """A piece of text with its holes, by the positions in the shown form, where a hole is one character."""
    if isinstance(value, str):
        return value[start:end]
    holes = [part for part in value.parts if not isinstance(part, str)]
    first = shown[:start].count("\0")
    pieces: list[Value] = []
    for index, piece in enumerate(shown[start:end].split("\0")):
        if index:
            pieces.append(holes[first + index - 1])
        if piece:
            pieces.append(piece)
    return concatenated(pieces)
