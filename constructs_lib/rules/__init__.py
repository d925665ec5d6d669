"""What we hold against a fleet. One rule, one file; its docstring is its page.

``all_rules()`` discovers every module of this folder that defines ``RULE``; adding a file adds a rule.
"""

from __future__ import annotations

from constructs_lib.rules._rule import Rule, all_rules, rule_named

__all__ = ["Rule", "all_rules", "rule_named"]
