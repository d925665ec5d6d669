"""How many requests an API lets through: throttles of its stages, and of the usage plans where a stage has none."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from constructs_lib.model.quantity import Quantity
from constructs_lib.readers.cloudformation.estate import Estate
from constructs_lib.readers.cloudformation.stack import Resource
from constructs_lib.readers.cloudformation.values import Value, entries_of, items_of, limit_of, references_in, text_of

_RATE, _BURST = "ThrottlingRateLimit", "ThrottlingBurstLimit"


class Throttle(NamedTuple):
    """Requests per second and requests at once; ``None`` where only the account's quota limits them."""

    rate: Quantity | None
    burst: Quantity | None


class Throttles:
    """Throttles by API."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.stages: dict[tuple[str, str], list[Throttle]] = {}
        self.plans: dict[tuple[str, str], list[Throttle]] = {}
        for stage in estate.of_type("AWS::ApiGateway::Stage"):
            self._stage(stage.get("RestApiId"), _of_methods(stage, stage.get("MethodSettings")))
        for made in estate.of_type("AWS::ApiGateway::Deployment"):
            if made.get("StageName") is not None:
                self._stage(made.get("RestApiId"), _of_methods(made, made.get("StageDescription", "MethodSettings")))
        for stage in estate.of_type("AWS::ApiGatewayV2::Stage"):
            self._stage(stage.get("ApiId"), _of_routes(stage))
        for api in estate.of_type("AWS::Serverless::Api"):
            self.stages.setdefault(api.key, []).append(_of_methods(api, api.get("MethodSettings")))
        for api in estate.of_type("AWS::Serverless::HttpApi"):
            self.stages.setdefault(api.key, []).append(_of_routes(api))
        for plan in estate.of_type("AWS::ApiGateway::UsagePlan"):
            self._plan(plan)

    def of(self, api: Value) -> Throttle:
        """The loosest throttle of the stages of an API."""
        return self.of_key(next(self._apis(api), None))

    def of_key(self, key: tuple[str, str] | None) -> Throttle:
        stages = self.stages.get(key, []) if key is not None else []
        if not stages:
            missing = Quantity.unknown("the stage of the API is not in the given templates")
            return Throttle(missing, missing)
        plans = self.plans.get(key, []) if key is not None else []
        stage = Throttle(_loosest(one.rate for one in stages), _loosest(one.burst for one in stages))
        plan = Throttle(_loosest(one.rate for one in plans), _loosest(one.burst for one in plans))
        return Throttle(stage.rate or plan.rate, stage.burst or plan.burst)

    def _apis(self, value: Value) -> Iterator[tuple[str, str]]:
        for reference in references_in(value):
            found = self.estate.resource(reference)
            if found is not None:
                yield found.key

    def _stage(self, api: Value, throttle: Throttle) -> None:
        for key in self._apis(api):
            self.stages.setdefault(key, []).append(throttle)

    def _plan(self, plan: Resource) -> None:
        throttle = Throttle(
            limit_of(plan.get("Throttle", "RateLimit"), f"RateLimit of '{plan.id}'"),
            limit_of(plan.get("Throttle", "BurstLimit"), f"BurstLimit of '{plan.id}'"),
        )
        for stage in items_of(plan.get("ApiStages")):
            for key in self._apis(stage.get("ApiId") if isinstance(stage, dict) else None):
                self.plans.setdefault(key, []).append(throttle)


def _of_methods(stage: Resource, settings: Value) -> Throttle:
    """Of a REST stage: the setting for all methods, and those that give one method another limit."""
    entries = [item for item in items_of(settings) if isinstance(item, dict)]
    general = [item for item in entries if _is_general(item)]
    return _together(stage, general, [item for item in entries if not _is_general(item)])


def _is_general(item: dict[str, Any]) -> bool:
    return text_of(item.get("HttpMethod")) == "*" and text_of(item.get("ResourcePath")) in ("/*", "*", "/")


def _of_routes(stage: Resource) -> Throttle:
    routes = [route for route in entries_of(stage.get("RouteSettings")).values() if isinstance(route, dict)]
    default = stage.get("DefaultRouteSettings")
    return _together(stage, [default] if isinstance(default, dict) else [], routes)


def _together(stage: Resource, general: list[dict[str, Any]], special: list[dict[str, Any]]) -> Throttle:
    return Throttle(_limit(stage, general, special, _RATE), _limit(stage, general, special, _BURST))


def _limit(stage: Resource, general: list[dict[str, Any]], special: list[dict[str, Any]], name: str) -> Quantity | None:
    what = f"{name} of '{stage.id}'"
    wide = [limit_of(item.get(name), what) for item in general]
    narrow = [found for item in special if (found := limit_of(item.get(name), what)) is not None]
    if not wide or None in wide:
        return Quantity.unknown(f"{what} is set for some of its routes only") if narrow else None
    return _range([limit for limit in wide if limit is not None] + narrow)


def _loosest(limits: Iterable[Quantity | None]) -> Quantity | None:
    found = list(limits)
    return None if not found or None in found else _range([limit for limit in found if limit is not None])


def _range(limits: list[Quantity]) -> Quantity:
    """From the lowest to the highest of several limits."""
    highs = [limit.high for limit in limits]
    high = None if None in highs else max(number for number in highs if number is not None)
    reasons = tuple(dict.fromkeys(reason for limit in limits for reason in limit.reasons))
    low = min(limit.low for limit in limits)
    return Quantity(low, high, reasons or (("it differs by route",) if low != high else ()))
