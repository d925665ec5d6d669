"""Parameter formulas such as ``LEAST({DBInstanceClassMemory/9531392},5000)``, evaluated over bounds.

The grammar is AWS's: formulas in braces (variables, whole numbers, ``*`` and ``/`` that truncate), the functions GREATEST, LEAST, SUM and
IF, and log to base two inside braces. Names are case-sensitive. Source: USER_ParamValuesRef of the RDS user guide, read 2026-11-21.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from constructs_lib.model.quantity import Quantity, total
from constructs_lib.regex import regex

VARIABLES = ("AllocatedStorage", "DBInstanceClassMemory", "DBInstanceVCPU", "EndPointPort", "TrueIfReplica")
_TOKEN = regex(r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<name>[A-Za-z]+)|(?P<sign>[{}(),*/]))")
_DEEPEST = 32


class FormulaError(ValueError):
    """The text is no formula AWS would accept; the message says where it stops making sense."""


def evaluate(text: str, variables: Mapping[str, Quantity]) -> Quantity:
    """The bounds of a formula for the given variables; unknown, with the reason, where it needs one that is not given.

    Raises ``FormulaError`` for text outside the grammar.
    """
    parser = _Parser(_tokens(text), text, variables)
    result = parser.argument(0)
    parser.end()
    return result.floor()


def _tokens(text: str) -> list[str]:
    tokens, position = [], 0
    stripped = text.rstrip()
    while position < len(stripped):
        match = _TOKEN.match(stripped, position)
        if match is None:
            raise FormulaError(
                f"formula '{text}' has an unexpected '{stripped[position:].strip()[:1]}' at position {position + 1}"
            )
        tokens.append(match.group().strip())
        position = match.end()
    return tokens


@dataclass
class _Parser:
    tokens: list[str]
    text: str
    variables: Mapping[str, Quantity]
    position: int = 0

    def peek(self) -> str:
        return self.tokens[self.position] if self.position < len(self.tokens) else ""

    def take(self, expected: str = "") -> str:
        word = self.peek()
        if not word or (expected and word != expected):
            wanted = f"'{expected}'" if expected else "a value"
            raise FormulaError(f"formula '{self.text}' needs {wanted} where it has '{word or 'its end'}'")
        self.position += 1
        return word

    def end(self) -> None:
        if self.peek():
            raise FormulaError(f"formula '{self.text}' goes on with '{self.peek()}' after its end")

    def argument(self, depth: int) -> Quantity:
        """A product of factors; division truncates, as AWS says."""
        if depth > _DEEPEST:
            raise FormulaError(f"formula '{self.text[:60]}' is nested deeper than {_DEEPEST} levels")
        value = self.factor(depth)
        while self.peek() in ("*", "/"):
            sign = self.take()
            other = self.factor(depth)
            value = value * other if sign == "*" else divide(value, other)
        return value

    def factor(self, depth: int) -> Quantity:
        word = self.take()
        if word == "{":
            value = self.argument(depth + 1)
            self.take("}")
            return value
        if word == "(":
            value = self.argument(depth + 1)
            self.take(")")
            return value
        if word[0].isdigit():
            return Quantity.exact(Fraction(word))
        return self.call(word, depth) if word in _FUNCTIONS else self.variable(word)

    def call(self, name: str, depth: int) -> Quantity:
        self.take("(")
        arguments = [self.argument(depth + 1)]
        while self.peek() == ",":
            self.take(",")
            arguments.append(self.argument(depth + 1))
        self.take(")")
        if (name == "log" and len(arguments) != 1) or (name == "IF" and len(arguments) != 3):
            raise FormulaError(
                f"formula '{self.text}' gives {name} {len(arguments)} arguments, needs {1 if name == 'log' else 3}"
            )
        return _FUNCTIONS[name](arguments)

    def variable(self, name: str) -> Quantity:
        if name not in VARIABLES:
            raise FormulaError(
                f"formula '{self.text}' uses '{name}', which is none of {', '.join((*VARIABLES, *_FUNCTIONS))}"
            )
        return self.variables.get(name, Quantity.unknown(f"{name} is not known"))


def divide(dividend: Quantity, divisor: Quantity) -> Quantity:
    """The quotient, truncated to a whole number. Raises ``FormulaError`` when the divisor can only be zero."""
    if divisor.high == 0:
        raise FormulaError("formula divides by zero")
    low = 0 if divisor.high is None else math.floor(Fraction(dividend.low) / Fraction(divisor.high))
    high = (
        None
        if dividend.high is None or divisor.low == 0
        else math.floor(Fraction(dividend.high) / Fraction(divisor.low))
    )
    return Quantity(low, high, tuple(dict.fromkeys((*dividend.reasons, *divisor.reasons))))


def _greatest(arguments: list[Quantity]) -> Quantity:
    highs = [argument.high for argument in arguments]
    high = None if any(value is None for value in highs) else max(value for value in highs if value is not None)
    return Quantity(max(argument.low for argument in arguments), high, _reasons(arguments))


def _least(arguments: list[Quantity]) -> Quantity:
    smallest = arguments[0]
    for argument in arguments[1:]:
        smallest = smallest.at_most(argument)
    return smallest


def _if(arguments: list[Quantity]) -> Quantity:
    condition, then, otherwise = arguments
    if condition.low > 0:
        return then
    if condition.high == 0:
        return otherwise
    either = _greatest([then, otherwise])
    return Quantity(min(then.low, otherwise.low), either.high, _reasons(arguments))


def _log(arguments: list[Quantity]) -> Quantity:
    (value,) = arguments
    low = math.log2(value.low) if value.low >= 1 else 0.0
    high = None if value.high is None else Fraction(max(0.0, math.log2(value.high)) if value.high > 0 else 0.0)
    return Quantity(Fraction(low), high, value.reasons)


def _reasons(arguments: list[Quantity]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(reason for argument in arguments for reason in argument.reasons))


_FUNCTIONS: dict[str, Callable[[list[Quantity]], Quantity]] = {
    "GREATEST": _greatest,
    "LEAST": _least,
    "SUM": total,
    "IF": _if,
    "log": _log,
}
