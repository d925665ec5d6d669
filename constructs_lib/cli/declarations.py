"""A table of settings, checked: unknown keys, wrong types and wrong numbers are collected, not raised one by one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, NamedTuple

from constructs_lib.cli.toml_lines import Key
from constructs_lib.model.settings import Ignore, Settings

#: Top-level numbers and the least each may be.
_NUMBERS = {"account_concurrency": 1, "operator_reserve": 0, "connections_per_vcpu": 1, "deploy_overlap": 1}
_STORE = ("max_connections", "other_connections", "preset")
_IGNORE = ("rule", "subject", "reason")
#: No engine, account or table of AWS comes near it; beyond it a number is a slip.
_MOST = 10_000_000


class Wrong(NamedTuple):
    """A key of the settings and what is wrong with it."""

    key: Key
    message: str


def settings_from(table: Mapping[str, Any], wrong: list[Wrong]) -> Settings:
    """The settings a table declares. Problems are added to ``wrong``; the result is only meaningful while that stays empty."""
    _known((), table, (*_NUMBERS, "stores", "ignore"), wrong)
    defaults = Settings()

    def number(name: str) -> int:
        return _number((name,), table.get(name, getattr(defaults, name)), _NUMBERS[name], wrong)

    stores = _tables(("stores",), table.get("stores", {}), wrong)
    limits, clients = _stores(stores, wrong)
    return Settings(
        account_concurrency=number("account_concurrency"),
        operator_reserve=number("operator_reserve"),
        connections_per_vcpu=number("connections_per_vcpu"),
        deploy_overlap=number("deploy_overlap"),
        account_concurrency_declared="account_concurrency" in table,
        declared_max_connections=limits,
        declared_consumers=clients,
        declared_presets=_presets(stores, wrong),
        ignores=_ignores(table.get("ignore", []), wrong),
    )


def _stores(
    stores: Mapping[str, Mapping[str, Any]], wrong: list[Wrong]
) -> tuple[dict[str, int], dict[str, tuple[tuple[str, int], ...]]]:
    limits, clients = {}, {}
    for name, store in stores.items():
        key = ("stores", name)
        _known(key, store, _STORE, wrong)
        if "max_connections" in store:
            limits[name] = _number((*key, "max_connections"), store["max_connections"], 1, wrong)
        if "other_connections" in store:
            clients[name] = _clients((*key, "other_connections"), store["other_connections"], wrong)
    return limits, clients


def _presets(stores: Mapping[str, Mapping[str, Any]], wrong: list[Wrong]) -> dict[str, str]:
    """Services outside AWS by the names of the facts; a name that is none of them is a problem."""
    from constructs_lib.facts import presets

    given = {name: store["preset"] for name, store in stores.items() if "preset" in store}
    for name, value in given.items():
        key = ("stores", name, "preset")
        if not isinstance(value, str):
            wrong.append(Wrong(key, f"{_name(key)} must be the name of a preset, got {_shown(value)}"))
        elif presets.preset(value) is None:
            wrong.append(Wrong(key, f"{_name(key)}: {presets.unknown(value)}"))
    return {name: str(value) for name, value in given.items()}


def _clients(key: Key, value: Any, wrong: list[Wrong]) -> tuple[tuple[str, int], ...]:
    if not isinstance(value, Mapping):
        wrong.append(Wrong(key, f"{_name(key)} must be a table of client = connections, got {_shown(value)}"))
        return ()
    return tuple((name, _number((*key, name), count, 0, wrong)) for name, count in value.items())


def _ignores(value: Any, wrong: list[Wrong]) -> tuple[Ignore, ...]:
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        wrong.append(Wrong(("ignore",), f"ignore must be an array of tables [[ignore]], got {_shown(value)}"))
        return ()
    return tuple(_ignore(("ignore", index), item, wrong) for index, item in enumerate(value))


def _ignore(key: Key, item: Mapping[str, Any], wrong: list[Wrong]) -> Ignore:
    from constructs_lib.rules import rule_named

    _known(key, item, _IGNORE, wrong)
    texts = {name: item[name] for name in _IGNORE if name in item}
    for name, value in texts.items():
        if not isinstance(value, str):
            wrong.append(Wrong((*key, name), f"{name} of an ignore must be text, got {_shown(value)}"))
    if "rule" not in item:
        wrong.append(Wrong(key, 'an ignore needs the code or name of its rule, such as rule = "PP105"'))
    wanted = str(texts.get("rule", ""))
    found = rule_named(wanted)
    return Ignore(found.code if found else wanted, str(texts.get("reason", "")), texts.get("subject"))


def _tables(key: Key, value: Any, wrong: list[Wrong]) -> dict[str, Mapping[str, Any]]:
    """The entries of a table that are tables themselves."""
    if not isinstance(value, Mapping):
        wrong.append(Wrong(key, f'{_name(key)} must hold tables such as [{_name(key)}."Orders"], got {_shown(value)}'))
        return {}
    for name, item in value.items():
        if not isinstance(item, Mapping):
            wrong.append(Wrong((*key, name), f"{_name((*key, name))} must be a table, got {_shown(item)}"))
    return {name: item for name, item in value.items() if isinstance(item, Mapping)}


def _known(key: Key, table: Mapping[str, Any], allowed: Iterable[str], wrong: list[Wrong]) -> None:
    names = list(allowed)
    for name in table:
        if name not in names:
            close = get_close_matches(name, names, n=1)
            hint = f"did you mean '{close[0]}'? " if close else ""
            wrong.append(Wrong((*key, name), f"unknown key '{_name((*key, name))}'; {hint}allowed: {', '.join(names)}"))


def _number(key: Key, value: Any, least: int, wrong: list[Wrong]) -> int:
    if isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MOST:
        return value
    wrong.append(Wrong(key, f"{_name(key)} must be a whole number from {least} to {_MOST:,}, got {_shown(value)}"))
    return least


def _name(key: Key) -> str:
    return ".".join(str(part) for part in key)


def _shown(value: Any) -> str:
    if isinstance(value, int) and abs(value) > _MOST:
        return "one far beyond that"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
