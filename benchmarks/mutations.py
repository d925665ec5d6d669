"""Documents broken on purpose: by structure (values, keys, whole resources), and by text (bytes, lines, YAML's own traps)."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from constructs_lib.readers.cloudformation.document import parse
from constructs_lib.readers.reading import UnreadableError

Place = tuple[Any, ...]

#: What a value may be replaced by: other kinds, extremes, every intrinsic in a form nobody meant.
ODD_VALUES: tuple[Any, ...] = (
    None, [], {}, 0, -1, -0.0, 1.5, 1e308, 10**400, True, False, "", " ", "x", "9" * 400, "-5", "NaN", "1e9", "١٢", "\x00", "😀" * 50,
    [None], [[[]]], {"": ""}, {"Ref": "AWS::NoValue"}, {"Ref": ["a"]}, {"Ref": None}, {"Ref": "Nothing"}, {"Fn::GetAtt": "x"},
    {"Fn::GetAtt": []}, {"Fn::GetAtt": ["a", "b", "c"]}, {"Fn::Sub": "${A}${B.C}${!x}${"}, {"Fn::Sub": ["${a}", {"a": [1]}]},
    {"Fn::Join": ["", [{"Ref": "x"}, None, [1]]]}, {"Fn::Select": [99, [1]]}, {"Fn::Select": ["-1", {"Fn::Split": [",", "a"]}]},
    {"Fn::Split": ["", {}]}, {"Fn::If": ["c", 1]}, {"Fn::If": ["c", {"Ref": "AWS::NoValue"}, {"a": 1}]},
    {"Fn::FindInMap": ["a", {"Ref": "b"}, "c"]}, {"Fn::ImportValue": {"Fn::Sub": "${AWS::StackName}-x"}},
    {"Fn::Transform": {"Name": "x"}}, {"Fn::Base64": {"Ref": "AWS::Region"}}, {"Fn::Cidr": [1, 2, 3]}, {"Fn::Length": "x"},
    {"Fn::ToJsonString": {"a": {"Ref": "b"}}}, {"Fn::ForEach::X": ["a", ["b"], {"${a}": 1}]},
    "{{resolve:ssm:/a/b:1}}", "{{resolve:secretsmanager:x:SecretString:y}}", "{{resolve:", "arn:aws:dynamodb:::table/x",
    "postgres://u:p@[::1/x", "postgres://u:p@h:99999999/db?connection_limit=zz", "${self:custom.x}", "rate(0 minutes)", "cron()",
    "1e99999999", "1e-99999999", "cron(* * * * * * *)", "rate(99999999999999999999 minutes)", "10.0.0.0/33", "sg-1", {"planned_values": {}},
)  # fmt: skip
#: Pieces of text that parsers trip over.
ODD_TEXT: tuple[bytes, ...] = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\t", b"\r", b"---\n", b"...\n", b"&a ", b"*a ", b"<<: *a\n", b"!Ref ", b"!!python/name:os ",
    b"!Sub |\n", b"? ", b"{", b"}", b"[", b"]", b'"', b"'", b"#", b": ", b"- ", b"|", b">", b"%TAG ! x\n", b"\xc3\x28", b"1e999",
    b"\\u0000", b"\xe2\x80\xae", b"0x", b"=", b"~", b"@", b"`", b"\n\n", b"\xe2\x80\xa8",
)  # fmt: skip


@dataclass(frozen=True)
class Seed:
    """A sound document: its name with suffix, its bytes, its value where it parses, and the files it needs in its folder."""

    name: str
    data: bytes
    value: Any
    beside: tuple[tuple[str, bytes], ...] = ()


def seed_of(name: str, data: bytes) -> Seed:
    """A seed from bytes; one that does not parse is broken by text only."""
    try:
        return Seed(name, data, parse(data, 64_000_000).value)
    except UnreadableError:
        return Seed(name, data, None)


def seeds_in(folders: Sequence[Path], largest: int = 60_000) -> list[Seed]:
    """Templates and plans below some folders, those small enough to be broken a thousand times."""
    found = []
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        kept = path.suffix in (".yaml", ".yml", ".json", ".template") and path.name not in (
            "expected.json",
            "source.json",
        )
        if kept and path.is_file() and path.stat().st_size <= largest and "node_modules" not in path.parts:
            found.append(seed_of(path.name, path.read_bytes()))
    return found


def assemblies_in(folders: Sequence[Path], largest: int = 60_000) -> list[Seed]:
    """Each manifest and each template of the cloud assemblies below some folders, with the files beside it."""
    found = []
    for manifest in sorted(path for folder in folders for path in folder.rglob("manifest.json")):
        beside = [path for path in sorted(manifest.parent.iterdir()) if path.is_file() and path.suffix == ".json"]
        files = {path.name: path.read_bytes() for path in beside if path.name not in ("expected.json", "source.json")}
        if sum(map(len, files.values())) <= 10 * largest:
            for name in (name for name in files if len(files[name]) <= largest):
                others = tuple(item for item in files.items() if item[0] != name)
                found.append(replace(seed_of(name, files[name]), beside=others))
    return found


def broken(seeds: Sequence[Seed], chance: random.Random) -> Seed:
    """One seed broken in one to five ways; what is left of its value may no longer match its bytes, so it is ``None``."""
    seed = chance.choice(seeds)
    if not isinstance(seed.value, dict) or chance.random() < 0.3:
        return Seed(seed.name, _broken_text(seed.data, chance), None, seed.beside)
    body = copy.deepcopy(seed.value)
    for _ in range(chance.randint(1, 5)):
        chance.choice(_BY_STRUCTURE)(body, chance, seeds)
    name = seed.name.rpartition(".")[0] + ".json"
    data = json.dumps(body, ensure_ascii=chance.random() < 0.5, default=str).encode("utf-8", "replace")
    return Seed(name, data, None, seed.beside)


def places(value: Any, here: Place = ()) -> list[Place]:
    """Every place in a value, outermost first."""
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [here, *(place for key, inner in children for place in places(inner, (*here, key)))]


def at(body: Any, place: Place) -> Any:
    """What is at a place."""
    for key in place:
        body = body[key]
    return body


def put(body: Any, place: Place, value: Any) -> None:
    """Replace what is at a place."""
    at(body, place[:-1])[place[-1]] = copy.deepcopy(value)


def _somewhere(body: Any, chance: random.Random) -> Place | None:
    found = [place for place in places(body) if place]
    return chance.choice(found) if found else None


def _replace(body: Any, chance: random.Random, _seeds: Sequence[Seed]) -> None:
    place = _somewhere(body, chance)
    if place:
        put(body, place, chance.choice(ODD_VALUES))


def _remove(body: Any, chance: random.Random, _seeds: Sequence[Seed]) -> None:
    place = _somewhere(body, chance)
    if place:
        del at(body, place[:-1])[place[-1]]


def _swap(body: Any, chance: random.Random, _seeds: Sequence[Seed]) -> None:
    one, other = _somewhere(body, chance), _somewhere(body, chance)
    if one and other and one[: len(other)] != other and other[: len(one)] != one:
        # Both homes are found first: aliases of YAML share values, so that the first change may take the second place away.
        homes = at(body, one[:-1]), at(body, other[:-1])
        first, second = copy.deepcopy(homes[0][one[-1]]), copy.deepcopy(homes[1][other[-1]])
        homes[0][one[-1]], homes[1][other[-1]] = second, first


def _wrap(body: Any, chance: random.Random, _seeds: Sequence[Seed]) -> None:
    place = _somewhere(body, chance)
    if place:
        word = chance.choice(
            ["Ref", "Fn::Sub", "Fn::GetAtt", "Fn::If", "Fn::Join", "Fn::ImportValue", "Fn::ForEach::A"]
        )
        put(body, place, {word: at(body, place)})


def _point(body: Any, chance: random.Random, _seeds: Sequence[Seed]) -> None:
    """A reference to a resource where something else was: to itself, in circles, to the wrong kind."""
    names = list(body.get("Resources") or {}) if isinstance(body.get("Resources"), dict) else []
    place = _somewhere(body, chance)
    if place and names:
        name = chance.choice(names)
        put(body, place, chance.choice([{"Ref": name}, {"Fn::GetAtt": [name, "Arn"]}, {"Fn::Sub": f"${{{name}}}"}]))


def _graft(body: Any, chance: random.Random, seeds: Sequence[Seed]) -> None:
    """A part of another document in place of a part of this one."""
    other = chance.choice(seeds).value
    here, there = _somewhere(body, chance), _somewhere(other, chance) if isinstance(other, dict) else None
    if here and there:
        put(body, here, at(other, there))


def _rename(body: Any, chance: random.Random, _seeds: Sequence[Seed]) -> None:
    place = _somewhere(body, chance)
    if place and isinstance(place[-1], str):
        holder = at(body, place[:-1])
        holder[chance.choice(["", "x" * 300, "Fn::Transform", "Ref", "\u202e", "Properties", place[-1].lower()])] = (
            holder.pop(place[-1])
        )


def _unknown(body: Any, chance: random.Random, seeds: Sequence[Seed]) -> None:
    """An argument of a planned resource that is known after apply: gone from its values and marked. Other documents lose a value."""
    changes = body.get("resource_changes")
    change = chance.choice(changes) if isinstance(changes, list) and changes else None
    planned = [
        place for place in places(body.get("planned_values"), ("planned_values",)) if place[-2:-1] == ("values",)
    ]
    if not planned or not isinstance(change, dict) or not isinstance(change.get("change"), dict):
        return _remove(body, chance, seeds)
    place = chance.choice(planned)
    del at(body, place[:-1])[place[-1]]
    marks = change["change"].setdefault("after_unknown", {})
    if isinstance(marks, dict):
        marks[place[-1]] = chance.choice([True, True, [], [True], {}, [{"a": True}], "x"])
    return None


def _nest(body: Any, chance: random.Random, _seeds: Sequence[Seed]) -> None:
    place = _somewhere(body, chance)
    if place and len(place) < 40:  # deeper, and copying would end before the reader does: documents nest by text, too
        value: Any = at(body, place)
        for _ in range(chance.choice([3, 60, 150])):
            value = chance.choice([[value], {"a": value}])
        put(body, place, value)


_BY_STRUCTURE: tuple[Callable[[Any, random.Random, Sequence[Seed]], None], ...] = (
    _replace, _replace, _replace, _remove, _swap, _wrap, _point, _graft, _rename, _nest, _unknown,
)  # fmt: skip


def _broken_text(data: bytes, chance: random.Random) -> bytes:
    text = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        spot = chance.randrange(len(text) + 1)
        match chance.randrange(6):
            case 0:
                text[spot:spot] = chance.choice(ODD_TEXT)
            case 1:
                del text[spot : spot + chance.choice([1, 2, 40, 4000])]
            case 2 if text:
                text[min(spot, len(text) - 1)] ^= 1 << chance.randrange(8)
            case 3:
                lines = bytes(text).split(b"\n")
                lines.insert(chance.randrange(len(lines) + 1), chance.choice(lines))
                text = bytearray(b"\n".join(lines))
            case 4:
                text[spot:spot] = chance.choice([b"[", b'{"a":', b"- ", b"a: "]) * chance.choice([50, 5_000, 100_000])
            case _:
                text[spot:spot] = bytes(text[spot : spot + 200])
    return bytes(text)
