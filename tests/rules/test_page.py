from __future__ import annotations

from constructs_lib.model.finding import Severity
from constructs_lib.rules._page import Example, page_of
from constructs_lib.rules._rule import Rule

PAGE = """One thing is wrong.

## What it finds

A thing.

## Bad

Before.

```yaml cloudformation
Resources: {}
```

## Good

```python cdk
print("## no heading" if True else "")
```
```yaml sam
A: 1
```

## References

- https://example.com
"""


def rule(page: str) -> Rule:
    return Rule("PP000", "thing", Severity.INFO, "0", (), lambda *_: (), page)


def test_a_page_is_taken_apart_in_the_order_written() -> None:
    page = page_of(rule(PAGE))

    assert page.summary == "One thing is wrong."
    assert list(page.sections) == ["What it finds", "Bad", "Good", "References"]
    assert page.sections["What it finds"] == "A thing."
    assert page.examples == (
        Example("cloudformation", "bad", "Resources: {}\n"),
        Example("cdk", "good", 'print("## no heading" if True else "")\n'),
        Example("sam", "good", "A: 1\n"),
    )


def test_a_docstring_without_headings_is_all_summary() -> None:
    page = page_of(rule("Only a sentence."))

    assert (page.summary, dict(page.sections), page.examples) == ("Only a sentence.", {}, ())
