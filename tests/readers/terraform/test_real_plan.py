"""A plan as Terraform 1.11 made it (AWS provider 5.100) of the configuration beside it, less what no reader looks at.

Nearly everything in it runs through local values, dynamic blocks, modules called for each, and values that wait for apply.
"""

from __future__ import annotations

from pathlib import Path

from constructs_lib.readers.sources import read

PLAN = Path(__file__).resolve().parents[1] / "data" / "hidden_in_plan" / "plan.json"
USERS, POSTS = ('aws_dynamodb_table.this["users"]', 'aws_dynamodb_table.this["posts"]')


def test_who_connects_to_what_is_found_through_what_a_plan_hides() -> None:
    reading = read([PLAN])
    found = {
        (edge.consumer.removesuffix(".aws_lambda_function.this"), edge.store, edge.via, edge.certainty)
        for edge in reading.fleet.connections
    }
    assert reading.unread == ()
    assert found == {
        ("module.worker", "aws_db_instance.main", "direct", "likely"),
        ("module.by_secret", "aws_db_instance.main", "direct", "likely"),
        ("module.by_ssm", "aws_db_instance.main", "direct", "likely"),
        ('module.api["get_posts"]', POSTS, "http", "likely"),
        ('module.api["get_posts"]', USERS, "http", "likely"),
        ('module.api["get_user"]', USERS, "http", "likely"),
        ('module.api["get_user"]', POSTS, "http", "possible"),
        ("aws_lambda_function.batch", POSTS, "http", "possible"),
        ("aws_lambda_function.batch", USERS, "http", "possible"),
    }


def test_what_stays_open_is_said() -> None:
    open_ones = {gap.subject.partition(".aws_lambda")[0]: gap.missing for gap in read([PLAN]).fleet.gaps}
    assert all("size of its pool" in open_ones[name] for name in ("module.worker", "module.by_secret"))
