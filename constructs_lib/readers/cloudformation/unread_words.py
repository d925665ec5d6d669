"""Words and switches that are written but that nobody could read, where a rule would hang on them. Each gives one gap.

Numbers carry their own reason as a ``Quantity``; a word does not, and one that was not read must not pass for one that was not written.
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.fleet import Fleet, Gap
from constructs_lib.model.unread import WRITE
from constructs_lib.readers.cloudformation.databases import Databases
from constructs_lib.readers.cloudformation.environment import HIDDEN_NAME, HIDDEN_STORE, Environment
from constructs_lib.readers.cloudformation.functions import FUNCTION, function_of, is_generated
from constructs_lib.readers.cloudformation.kinds import PROXY, TABLES
from constructs_lib.readers.cloudformation.own_words import driver_of
from constructs_lib.readers.cloudformation.permissions import Permissions
from constructs_lib.readers.cloudformation.proxies import Proxies
from constructs_lib.readers.cloudformation.secrets import Secrets
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import (
    Unresolved,
    Value,
    entries_of,
    items_of,
    references_in,
    why_unread,
)

AFTER = "pass it by an input variable of that name (db_pool_size), declare the connection, or give the plan of a second apply"
SUBSCRIPTION = "AWS::SNS::Subscription"
ROTATION = "AWS::SecretsManager::RotationSchedule"
SCHEDULE = "AWS::Scheduler::Schedule"


class UnreadWords:
    """What was not read in the resources of one estate."""

    def __init__(
        self,
        environment: Environment,
        databases: Databases,
        proxies: Proxies,
        secrets: Secrets,
        permissions: Permissions,
    ) -> None:
        self.estate = environment.estate
        self.environment = environment
        self.databases = databases
        self.proxies = proxies
        self.secrets = secrets
        self.permissions = permissions

    def gaps(self, fleet: Fleet) -> Iterator[Gap]:
        """Every such word of what the fleet uses."""
        spoken_of = {gap.subject for gap in fleet.gaps}
        for function in self.estate.of_type(FUNCTION):
            if not is_generated(function):
                yield from self._of_function(function, fleet)
                if function.id not in spoken_of and not fleet.connections_by_consumer.get(function.id):
                    yield from self._of_role(function)
                if function.id not in spoken_of:
                    yield from self._of_environment(function, fleet)
                    yield from self._of_driver(function, fleet)
        for proxy in self.estate.of_type(PROXY):
            yield from self._of_proxy(proxy)
        yield from self._of_rotations(fleet)
        yield from self._of_subscriptions()
        yield from self._of_exports()
        for members in self.databases.members.values():
            for member in members if len(members) > 1 else ():
                tier = member.get("PromotionTier")
                yield from _gap(member, tier, f"promotion tier of '{member.id}', which decides who is the writer")

    def _of_function(self, function: Resource, fleet: Fleet) -> Iterator[Gap]:
        held = [edge for edge in fleet.connections_by_consumer.get(function.id, ()) if edge.via in ("direct", "proxy")]
        edges = [edge for edge in held if edge.certainty != "possible"]
        if edges:
            mode = function.get("TenancyConfig", "TenantIsolationMode")
            yield from _gap(function, mode, f"whether '{function.id}' has environments of its own for each tenant")
            hidden = HIDDEN_NAME in entries_of(function.get("Environment", "Variables"))
            if hidden and any(edge.connections_per_environment is None for edge in edges):
                missing = (
                    f"what the environment of '{function.id}' says of the size of its pool: it is known after apply"
                )
                yield Gap(function.id, missing, AFTER, function.origin)
        for name, value in entries_of(function.get("Environment", "Variables")).items():
            if str(name).upper() == "PGOPTIONS" and any(edge.via == "proxy" for edge in edges):
                yield from _gap(function, value, f"what {name} of '{function.id}' asks of every session")
        role = self.permissions.role_of(function)
        for statement in self.permissions.of_role(role) if role is not None else ():
            if role is not None and statement.unread:
                yield Gap(role.id, f"what '{role.id}' allows: {statement.unread}", WRITE, role.origin)

    def _of_role(self, function: Resource) -> Iterator[Gap]:
        """A function that nothing connects to a store, while a part of what it may do is out of sight."""
        role = self.permissions.role_of(function)
        hidden = self.permissions.hidden_policy(role) if role is not None else None
        if hidden is not None:
            missing = f"whether '{function.id}' uses a store: a policy of its role is not given ({hidden})"
            yield Gap(function.id, missing, "give the policy as well, or declare the connection", function.origin)
        elif role is None and function.get("Role") is not None:
            unread = why_unread(function.get("Role"))
            why = "its role is not given" + (f" ({unread})" if unread else "")
            advice = "give the template that makes the role as well, or declare the connection"
            yield from self._beside_store(function, why, advice)

    def _of_environment(self, function: Resource, fleet: Fleet) -> Iterator[Gap]:
        """A function that may be told of a database in variables that nobody sees."""
        variables = entries_of(function.get("Environment", "Variables"))
        hidden, store = (why_unread(variables.get(name)) for name in (HIDDEN_NAME, HIDDEN_STORE))
        advice = "declare the connection, or give the plan of a second apply"
        if any(edge.via != "http" for edge in fleet.connections_by_consumer.get(function.id, ())):
            return
        if store is not None:
            yield Gap(function.id, f"whether '{function.id}' connects to a store: {store}", advice, function.origin)
        elif hidden is not None:
            yield from self._beside_store(function, f"what its environment says is not known ({hidden})", advice)

    def _beside_store(self, function: Resource, why: str, advice: str) -> Iterator[Gap]:
        """In a VPC beside a store, what is out of sight is all that would tell whether it connects."""
        beside = self.databases.holding.get(function.stack.key)
        if beside is not None and function.get("VpcConfig") is not None:
            store = f"'{beside[0].id}'" if len(beside) == 1 else "a store of its stack"
            yield Gap(function.id, f"whether '{function.id}' connects to {store}: {why}", advice, function.origin)

    def _of_driver(self, function: Resource, fleet: Fleet) -> Iterator[Gap]:
        """A function that brings a driver connects to something, whoever tells it where."""
        edges = fleet.connections_by_consumer.get(function.id, ())
        layer = None if any(edge.via != "http" for edge in edges) else driver_of(function)
        if layer is not None:
            missing = f"which database '{function.id}' connects to: its layer '{layer}' brings a driver, and nothing names one"
            yield Gap(function.id, missing, "declare the connection", function.origin)

    def _of_proxy(self, proxy: Resource) -> Iterator[Gap]:
        yield from _gap(proxy, proxy.get("EngineFamily"), f"engine family of '{proxy.id}'")
        for item in items_of(proxy.get("Auth")):
            if isinstance(item, dict):
                yield from _gap(proxy, item.get("IAMAuth"), f"whether '{proxy.id}' requires IAM logins")
        group = self.proxies.group.get(proxy.key)
        filters = group.get("ConnectionPoolConfigurationInfo", "SessionPinningFilters") if group is not None else None
        for item in items_of(filters):
            yield from _gap(proxy, item, f"a session pinning filter of '{proxy.id}'")

    def _of_rotations(self, fleet: Fleet) -> Iterator[Gap]:
        """How secrets rotate that a proxy logs in with."""
        used = {name for pool in fleet.pools for name in pool.secrets or ()}
        for schedule in self.estate.of_type(ROTATION):
            secret = self.secrets.secret_of(schedule.get("SecretId"))
            if secret is not None and secret.id in used:
                rotation = schedule.get("HostedRotationLambda", "RotationType")
                yield from _gap(secret, rotation, f"with which strategy '{secret.id}' rotates")
                for reference in references_in(schedule.get("RotationLambdaARN")):
                    made = self.estate.resource(reference)
                    named = made.get("Location", "ApplicationId") if made is not None else None
                    if isinstance(named, Unresolved):
                        yield from _gap(secret, named, f"with which strategy '{secret.id}' rotates")

    def _of_subscriptions(self) -> Iterator[Gap]:
        """Subscriptions that may invoke a function of the given templates."""
        for subscription in self.estate.of_type(SUBSCRIPTION):
            function = function_of(self.estate, self.environment.named, subscription.get("Endpoint"))
            if function is not None:
                what = f"whether '{subscription.id}' invokes '{function.id}'"
                yield from _gap(function, subscription.get("Protocol"), what)

    def _of_exports(self) -> Iterator[Gap]:
        """Schedules that name a table and nobody knows what they do with it."""
        for schedule in self.estate.of_type(SCHEDULE):
            target = entries_of(schedule.get("Target"))
            uses = self.environment.uses(target.get("Input"), "")
            if any(use.resource.type in TABLES for use in uses):
                yield from _gap(schedule, target.get("Arn"), f"what '{schedule.id}' does with the table that it names")


def _gap(subject: Resource, value: Value, what: str) -> Iterator[Gap]:
    why = why_unread(value)
    if why is not None:
        yield Gap(subject.id, f"{what}: {why}", WRITE, subject.origin)
