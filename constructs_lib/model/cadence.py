"""How often a schedule starts: EventBridge's ``rate()`` and ``cron()`` expressions as the shortest and longest time between two starts.

Six-field cron expressions are read as the EventBridge user guide describes them (cron expressions, read 2026-11-21): minutes, hours,
day of month, month, day of week, year; ``*`` ``?`` ``,`` ``-`` ``/`` everywhere, ``L`` and ``W`` in days of the month, ``L`` and ``#``
in days of the week, names for months and days.
"""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from constructs_lib.regex import regex

_RATE = regex(r"rate\(\s*(\d+)\s+(minute|hour|day)s?\s*\)\Z")
_CRON = regex(r"cron\(\s*(.+?)\s*\)\Z")
_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400}
DAY = 86_400
_MONTHS = {name.upper(): str(number) for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {name: str(number) for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
#: Four years hold every day of a calendar, a leap day among them.
_FIRST, _DAYS = date(2027, 1, 1), 4 * 365 + 1


class Cadence(NamedTuple):
    """Seconds between two starts: the least and the most there can be."""

    shortest_seconds: int
    longest_seconds: int

    def __str__(self) -> str:
        if self.shortest_seconds == self.longest_seconds:
            return duration(self.shortest_seconds)
        return f"{duration(self.shortest_seconds)} to {duration(self.longest_seconds)}"


def duration(seconds: int) -> str:
    """Seconds in the largest unit that divides them: ``15 min``, ``24 h``, ``7 days``."""
    if seconds % DAY == 0 and seconds > DAY:
        return f"{seconds // DAY} days"
    if seconds % 3_600 == 0 and seconds:
        return f"{seconds // 3_600} h"
    return f"{seconds // 60} min" if seconds % 60 == 0 and seconds else f"{seconds} s"


@lru_cache(maxsize=512)
def cadence(expression: str) -> Cadence | None:
    """The cadence of an expression; ``None`` for one that runs once at most or is none of the forms."""
    rate = _RATE.match(expression.strip())
    if rate is not None:
        seconds = int(rate.group(1)) * _SECONDS[rate.group(2)]
        return Cadence(seconds, seconds) if seconds else None
    cron = _CRON.match(expression.strip())
    fields = cron.group(1).split() if cron is not None else []
    if len(fields) != 6:
        return None
    try:
        return _of_fields(fields)
    except ValueError:
        return None


def _of_fields(fields: list[str]) -> Cadence | None:
    minutes, hours = sorted(_numbers(fields[0], 0, 59)), sorted(_numbers(fields[1], 0, 23))
    starts = [hour * 60 + minute for hour in hours for minute in minutes]
    days = _days(fields)
    if not starts or len(starts) * len(days) < 2:
        return None
    gaps = [later - earlier for earlier, later in itertools.pairwise(starts)]
    overnight = starts[0] + 24 * 60 - starts[-1]
    gaps += [overnight + (later - earlier - 1) * 24 * 60 for earlier, later in itertools.pairwise(days)]
    return Cadence(min(gaps) * 60, max(gaps) * 60)


def _days(fields: list[str]) -> list[int]:
    """Days on which it starts, counted from the first day of the calendar looked at."""
    months = _numbers(_renamed(fields[3], _MONTHS), 1, 12)
    years = _numbers(fields[5], 1970, 2199)
    month_days, week_days = fields[2].upper(), _renamed(fields[4], _WEEKDAYS)
    found = []
    for offset in range(_DAYS):
        day = _FIRST + timedelta(days=offset)
        fits = day.month in months and (fields[5] in ("*", "?") or day.year in years)
        if fits and _in_month(month_days, day) and _in_week(week_days, day):
            found.append(offset)
    return found


def _in_month(field: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    for part in field.split(","):
        if part == "L":
            fits = day.day == last
        elif part == "LW":
            fits = day == _nearest_weekday(day, last, last)
        elif part.endswith("W"):
            fits = day == _nearest_weekday(day, int(part[:-1]), last)
        elif part.startswith("L-"):
            fits = day.day == last - int(part[2:])
        else:
            fits = day.day in _numbers(part, 1, 31)
        if fits:
            return True
    return False


def _nearest_weekday(day: date, wanted: int, last: int) -> date:
    found = day.replace(day=min(wanted, last))
    if found.weekday() == 5:  # Saturday: the Friday before, or the Monday after the first
        return found + timedelta(days=2 if found.day == 1 else -1)
    if found.weekday() == 6:  # Sunday: the Monday after, or the Friday before the last
        return found + timedelta(days=-2 if found.day == last else 1)
    return found


def _in_week(field: str, day: date) -> bool:
    weekday = day.isoweekday() % 7 + 1  # 1 is Sunday
    last = calendar.monthrange(day.year, day.month)[1]
    for part in field.split(","):
        if part == "L":
            fits = weekday == 7
        elif part.endswith("L"):
            fits = weekday == int(part[:-1]) and day.day + 7 > last
        elif "#" in part:
            wanted, which = part.split("#")
            fits = weekday == int(wanted) and (day.day - 1) // 7 + 1 == int(which)
        else:
            fits = weekday in _numbers(part, 1, 7)
        if fits:
            return True
    return False


def _renamed(field: str, names: dict[str, str]) -> str:
    return re.sub(r"[A-Z]{3}", lambda match: names.get(match.group(), match.group()), field.upper())


@lru_cache(maxsize=1024)
def _numbers(field: str, least: int, most: int) -> frozenset[int]:
    """The numbers of one field. Raises ``ValueError`` for what is none."""
    return frozenset(number for part in field.split(",") for number in _part(part, least, most))


def _part(part: str, least: int, most: int) -> Iterator[int]:
    span, _, step = part.partition("/")
    first, _, last = span.partition("-")
    if span in ("", "*", "?"):  # EventBridge accepts "/10" for "*/10"
        low, high = least, most
    else:
        low = int(first)
        high = int(last) if last else (most if step else low)
    if not least <= low <= most or not least <= high <= most or (step and int(step) < 1):
        raise ValueError(f"'{part}' is outside {least} to {most}")
    numbers = range(low, high + 1) if low <= high else [*range(low, most + 1), *range(least, high + 1)]
    yield from list(numbers)[:: int(step) if step else 1]
