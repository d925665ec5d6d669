"""Lambda functions as consumers: concurrency, timeout, what provisions environments, and who wrote them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from constructs_lib.model.deployment import DeploymentStyle
from constructs_lib.model.fleet import DEFAULT_TIMEOUT, Consumer, EventSource, Provisioned
from constructs_lib.model.network import ExposedPassword, Placement, ServiceCall
from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.cloudformation.deployments import ALIAS, Deployments
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.names import Named
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, quantity_of, references_in, text_of
from constructs_lib.regex import regex

FUNCTION = "AWS::Lambda::Function"
ALIASES = ("AWS::Lambda::Alias", "AWS::Lambda::Version")
#: Functions the CDK adds by itself, by what their construct path or logical id shows.
_GENERATED = regex(
    r"framework-(?:onEvent|isComplete|onTimeout)|frameworkon(?:Event|Timeout)|frameworkisComplete|^LogRetention[0-9a-f]{6,}|/LogRetention[0-9a-f]{6,}"
    r"|Custom::[A-Za-z0-9]+CustomResourceProvider|CustomResourceProviderHandler|^AWS679f53fac002430cb0da5b7982bd2287|/AWS679f53fac002430cb0da5b7982bd2287"
    r"|BucketNotificationsHandler050a0587b7544547bf325f094a3db834|CDKBucketDeployment8693BB64968944B69AAFB0CC9EB8756C"
    r"|CustomCDKBucketDeployment|SingletonLambda|WaiterStateMachine|AwsApiCallHandler|Custom::CrossRegionExport",
)
#: Functions of that one provider framework hand the work to a function of the user.
HANDS_ON = ("USER_ON_EVENT_FUNCTION_ARN", "USER_IS_COMPLETE_FUNCTION_ARN")
#: An alias names a version, a version a function; more is a circle.
MOST_HOPS = 3


class Surrounded(NamedTuple):
    """What lies around a function; the defaults are a function that somebody else wrote."""

    placement: Placement | None = None
    calls: tuple[ServiceCall, ...] = ()
    exposed_passwords: tuple[ExposedPassword, ...] = ()


def function_of(estate: Estate, named: Named, value: Value, hops: int = MOST_HOPS) -> Resource | None:
    """The function behind a reference to it, its alias, its version or the text of an invocation ARN."""
    for reference in references_in(value):
        resource = estate.resource(reference)
        if resource is not None and resource.type in ALIASES and hops:
            return function_of(estate, named, resource.get("FunctionName"), hops - 1)
        if resource is not None and resource.type == FUNCTION:
            return resource
    return named.resource(value, {FUNCTION})


def is_generated(function: Resource) -> bool:
    """Whether the CDK wrote the function by itself: a provider framework, log retention, bucket clean-up and the like."""
    return _is_generated(function.construct_path or "", function.logical_id)


@lru_cache(maxsize=8192)
def _is_generated(path: str, logical_id: str) -> bool:
    return bool(_GENERATED.search(path) or _GENERATED.search(logical_id))


class Functions:
    """The functions of an estate with what provisions them."""

    def __init__(self, estate: Estate, named: Named) -> None:
        self.estate = estate
        self.named = named
        self.provisioned: dict[tuple[str, str], list[Provisioned]] = {}
        self.styles: dict[tuple[str, str], set[DeploymentStyle]] = {}
        deployments = Deployments(estate)
        for alias in estate.of_type(*ALIASES):
            self._provision(alias)
            if alias.type == ALIAS:
                self._deploy(alias, deployments.style(alias))

        for target in estate.of_type("AWS::ApplicationAutoScaling::ScalableTarget"):
            self._scale(target)

    def _scale(self, target: Resource) -> None:
        """Provisioned concurrency that scales: what is provisioned lies between the target's capacities."""
        if text_of(target.get("ScalableDimension")) != "lambda:function:ProvisionedConcurrency":
            return
        function = function_of(self.estate, self.named, target.get("ResourceId"))
        highest = quantity_of(target.get("MaxCapacity"), f"MaxCapacity of '{target.id}'")
        lowest = quantity_of(target.get("MinCapacity"), f"MinCapacity of '{target.id}'")
        if function is not None and highest is not None:
            low = min(lowest.low if lowest is not None else 0, highest.low)
            executions = Quantity(low, highest.high, (f"'{target.id}' scales it",))
            known = self.provisioned.setdefault(function.key, [])
            if len(known) == 1:
                known.clear()  # what the one alias starts with lies inside these bounds
            known.append(Provisioned(target.id, executions, target.origin))

    def resources(self) -> Iterable[Resource]:
        return self.estate.of_type(FUNCTION)

    def _provision(self, alias: Resource) -> None:
        executions = quantity_of(
            alias.get("ProvisionedConcurrencyConfig", "ProvisionedConcurrentExecutions"),
            f"ProvisionedConcurrentExecutions of '{alias.id}'",
        )
        function = function_of(self.estate, self.named, alias.get("FunctionName"))
        if executions is not None and function is not None:
            self.provisioned.setdefault(function.key, []).append(Provisioned(alias.id, executions, alias.origin))

    def _deploy(self, alias: Resource, style: DeploymentStyle) -> None:
        function = function_of(self.estate, self.named, alias.get("FunctionName"))
        if function is not None:
            self.styles.setdefault(function.key, set()).add(style)

    def _style(self, function: Resource) -> DeploymentStyle:
        """One style for all aliases of a function; the one that shifts traffic where only some do."""
        shifting = self.styles.get(function.key, set()) - {"all-at-once"}
        return "all-at-once" if not shifting else shifting.pop() if len(shifting) == 1 else "unknown"

    def consumer(
        self,
        function: Resource,
        sources: Iterator[EventSource],
        around: Surrounded,
        *,
        deploy_time: bool,
        keeps_failures: bool,
        analytical: tuple[str, ...],
    ) -> Consumer:
        timeout = quantity_of(function.get("Timeout"), f"Timeout of '{function.id}'")
        managed = function.get("CapacityProviderConfig", "LambdaManagedInstancesCapacityProviderConfig")
        return Consumer(
            id=function.id,
            deployment_style=self._style(function),
            reserved_concurrency=quantity_of(
                function.get("ReservedConcurrentExecutions"), f"ReservedConcurrentExecutions of '{function.id}'"
            ),
            provisioned=tuple(self.provisioned.get(function.key, ())),
            timeout_seconds=DEFAULT_TIMEOUT if timeout is None else timeout,
            timeout_is_default=timeout is None,
            event_sources=tuple(sources),
            deploy_time=deploy_time,
            generated=is_generated(function),
            tenant_isolation=text_of(function.get("TenancyConfig", "TenantIsolationMode")) == "PER_TENANT",
            managed_instances=managed is not None,
            maximum_environments=quantity_of(
                function.get("FunctionScalingConfig", "MaxExecutionEnvironments"),
                f"MaxExecutionEnvironments of '{function.id}'",
            ),
            concurrency_per_environment=quantity_of(
                function.get(
                    "CapacityProviderConfig",
                    "LambdaManagedInstancesCapacityProviderConfig",
                    "PerExecutionEnvironmentMaxConcurrency",
                ),
                f"PerExecutionEnvironmentMaxConcurrency of '{function.id}'",
            ),
            keeps_failures=keeps_failures,
            analytical=analytical,
            placement=around.placement,
            calls=around.calls,
            exposed_passwords=around.exposed_passwords,
            origin=function.origin,
        )
