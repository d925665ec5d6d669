"""What to paste: the proposed numbers as a CDK store and its connections, or as CloudFormation resources.

The constructs make PostgreSQL only; for other engines there are CloudFormation resources. Both name what is sized and nothing else:
networks, secrets and code stay as they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from fractions import Fraction
from keyword import iskeyword

from constructs_lib.facts._tables import version_tuple
from constructs_lib.model.hosting import SERVERLESS, Host
from constructs_lib.model.profile import AURORA_ENGINES, StoreProfile
from constructs_lib.model.proposal import milliseconds
from constructs_lib.model.quantity import Number, plain
from constructs_lib.model.sizing import Sizing
from constructs_lib.model.workload import Workload

_DEFAULT_MAJOR = {"postgres": "17", "aurora-postgresql": "17", "mysql": "8.4", "mariadb": "11.4", "aurora-mysql": "8.0"}
_POSTGRES = ("postgres", "aurora-postgresql")


def snippet(sizing: Sizing) -> tuple[str, str]:
    """The language and the lines; no lines for a store without a size."""
    code = cdk_lines(sizing)
    return ("CDK", code) if code else ("CloudFormation", cloudformation_lines(sizing) or "")


def cdk_lines(sizing: Sizing) -> str | None:
    """Python for an app: ``stack`` and ``vpc`` are there, functions are named after their profiles. ``None`` for other engines."""
    host = sizing.host
    if host is None or sizing.store.engine not in _POSTGRES:
        return None
    lines = [
        f"{_name(sizing.store.name)} = RelationalStore(",
        f'    stack, "{_logical(sizing.store.name)}", vpc=vpc,',
        f"    database={_database(sizing.store, host)},",
        f"    max_connections={host.pin.max_connections},",
        *_cdk_options(sizing, host),
        ")",
    ]
    pairs = zip(sizing.workloads, sizing.concurrency, strict=True)
    return "\n".join([*lines, *(_connect(sizing, item, count) for item, count in pairs)])


def _database(store: StoreProfile, host: Host) -> str:
    version = _version_argument(store)
    if host.instance_class == SERVERLESS:
        return f"ServerlessCluster(min_acu={plain(host.minimum_acu or 0)}, max_acu={plain(host.maximum_acu or 1)}, readers=0{version})"
    kind = f'ec2.InstanceType("{host.instance_class.removeprefix("db.")}")'
    if store.engine in AURORA_ENGINES:
        return f"ProvisionedCluster(instance_type={kind}, readers=0{version})"
    return f"SingleInstance(instance_type={kind}{version})"


def _version_argument(store: StoreProfile) -> str:
    if store.engine_version is None:
        return ""
    kind = "AuroraPostgresEngineVersion" if store.engine in AURORA_ENGINES else "PostgresEngineVersion"
    major = store.engine_version.split(".")[0]
    return f', engine_version=rds.{kind}.of("{store.engine_version}", "{major}")'


def _cdk_options(sizing: Sizing, host: Host) -> Iterator[str]:
    if sizing.store.other_connections:
        yield f'    other_connections={{"other clients": {sizing.store.other_connections}}},'
    longest = _longest_hold(sizing)
    if longest is not None:
        yield f"    transaction_timeout=cdk.Duration.millis({milliseconds(longest)}),"
    if sizing.pool:
        borrow = f"borrow_timeout=cdk.Duration.seconds({sizing.borrow_timeout_seconds})"
        yield f"    pool=PoolOptions(max_connections_percent={host.pin.percent}, {borrow}),"
    else:
        yield "    pool=None,"


def _connect(sizing: Sizing, item: Workload, count: int) -> str:
    more = ""
    if item.transactions > 1:
        more += f", transactions_per_invocation={item.transactions}"
    if item.other_work_seconds:
        more += f", other_work=cdk.Duration.millis({_up(item.other_work_seconds)})"
    if sizing.pool and item.hold_seconds is not None and item.hold_seconds != _longest_hold(sizing):
        more += f", hold=cdk.Duration.millis({milliseconds(item.hold_seconds)}), hold_enforced=True"
    return f"{_name(sizing.store.name)}.connect({_name(item.name)}, concurrency={count}{more})"


def cloudformation_lines(sizing: Sizing) -> str | None:
    """Resources of a template: the numbers, with the holds the proof counts on as metadata. ``None`` for a store without a size."""
    host = sizing.host
    if host is None:
        return None
    store = _logical(sizing.store.name)
    lines = ["Resources:", *_parameter_group(sizing, host, store), *_server(sizing.store, host, store)]
    if sizing.pool:
        lines += _proxy(sizing, host, store)
    for item, count in zip(sizing.workloads, sizing.concurrency, strict=True):
        lines += _function(sizing, item, count, store)
    return "\n".join(lines)


def _parameter_group(sizing: Sizing, host: Host, store: str) -> list[str]:
    aurora = sizing.store.engine in AURORA_ENGINES
    kind = "AWS::RDS::DBClusterParameterGroup" if aurora else "AWS::RDS::DBParameterGroup"
    lines = [
        f"  {store}Limits:",
        f"    Type: {kind}",
        "    Properties:",
        f"      Family: {_family(sizing.store)}",
        "      Description: limits that the connection budget counts on",
        "      Parameters:",
        f'        max_connections: "{host.pin.max_connections}"',
    ]
    longest = _longest_hold(sizing)
    if longest is not None and sizing.store.engine in _POSTGRES:
        limit = milliseconds(longest)
        names = ["statement_timeout", "idle_in_transaction_session_timeout"]
        lines += [
            f'        {name}: "{limit}"'
            for name in [*names, *(["transaction_timeout"] if _has_transaction_timeout(sizing.store) else [])]
        ]
    return lines


def _server(store: StoreProfile, host: Host, name: str) -> list[str]:
    version = store.engine_version or _DEFAULT_MAJOR[store.engine]
    others = [
        f"    Metadata: {{poolproof:store: {{other_connections: [{{name: other clients, connections: {store.other_connections}}}]}}}}"
    ]
    metadata = others if store.other_connections else []
    if store.engine not in AURORA_ENGINES:
        return [
            f"  {name}:",
            "    Type: AWS::RDS::DBInstance",
            *metadata,
            "    Properties:",
            f"      Engine: {store.engine}",
            f'      EngineVersion: "{version}"',
            f"      DBInstanceClass: {host.instance_class}",
            f"      DBParameterGroupName: !Ref {name}Limits",
        ]
    scaling = []
    if host.maximum_acu is not None:
        minimum, maximum = plain(host.minimum_acu or 0), plain(host.maximum_acu)
        scaling = [f"      ServerlessV2ScalingConfiguration: {{MinCapacity: {minimum}, MaxCapacity: {maximum}}}"]
    return [
        f"  {name}:",
        "    Type: AWS::RDS::DBCluster",
        *metadata,
        "    Properties:",
        f"      Engine: {store.engine}",
        f'      EngineVersion: "{version}"',
        f"      DBClusterParameterGroupName: !Ref {name}Limits",
        *scaling,
        f"  {name}Writer:",
        "    Type: AWS::RDS::DBInstance",
        f"    Properties: {{Engine: {store.engine}, DBClusterIdentifier: !Ref {name}, DBInstanceClass: {host.instance_class}}}",
    ]


def _proxy(sizing: Sizing, host: Host, store: str) -> list[str]:
    family = "POSTGRESQL" if sizing.store.engine in _POSTGRES else "MYSQL"
    target = (
        f"DBClusterIdentifiers: [!Ref {store}]"
        if sizing.store.engine in AURORA_ENGINES
        else f"DBInstanceIdentifiers: [!Ref {store}]"
    )
    return [
        f"  {store}Proxy:",
        "    Type: AWS::RDS::DBProxy",
        f"    Properties: {{DBProxyName: {sizing.store.name.lower()}, EngineFamily: {family}, RequireTLS: true}}",
        f"  {store}Pool:",
        "    Type: AWS::RDS::DBProxyTargetGroup",
        "    Properties:",
        f"      DBProxyName: !Ref {store}Proxy",
        "      TargetGroupName: default",
        f"      {target}",
        "      ConnectionPoolConfigurationInfo:",
        f"        MaxConnectionsPercent: {host.pin.percent}",
        f"        MaxIdleConnectionsPercent: {host.pin.percent // 2}",
        f"        ConnectionBorrowTimeout: {sizing.borrow_timeout_seconds}",
    ]


def _function(sizing: Sizing, item: Workload, count: int, store: str) -> list[str]:
    entry = {"store": store, "via": "proxy" if sizing.pool else "direct", "connections_per_environment": "1"}
    if sizing.pool:
        entry["pool"] = f"{store}Proxy"
    if item.hold_seconds is not None and sizing.pool:
        entry.update(hold_seconds=_decimal(item.hold_seconds), hold_enforced="true")
    entry.update(
        transactions_per_invocation=str(item.transactions), other_work_seconds=_decimal(item.other_work_seconds)
    )
    declared = ", ".join(f"{key}: {value}" for key, value in entry.items())
    return [
        f"  {_logical(item.name)}:",
        "    Type: AWS::Lambda::Function",
        f"    Metadata: {{poolproof:connections: [{{{declared}}}]}}",
        f"    Properties: {{ReservedConcurrentExecutions: {count}, Timeout: {int(item.timeout_seconds)}}}",
    ]


def _family(store: StoreProfile) -> str:
    version = store.engine_version or _DEFAULT_MAJOR[store.engine]
    numbers = version.split(".")
    digits = numbers[0] if store.engine in _POSTGRES else ".".join(numbers[:2])
    return f"{store.engine}{digits}"


def _has_transaction_timeout(store: StoreProfile) -> bool:
    """PostgreSQL has it from 17 on, which is also what a new store gets."""
    return store.engine_version is None or version_tuple(store.engine_version) >= (17,)


def _longest_hold(sizing: Sizing) -> Number | None:
    """What the database may enforce for everybody; ``None`` where a function has no hold."""
    holds = [item.hold_seconds for item in sizing.workloads]
    return None if any(hold is None for hold in holds) else max(hold for hold in holds if hold is not None)


def _decimal(value: Number) -> str:
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def _up(value: Number) -> int:
    return -int(-Fraction(value) * 1000 // 1)


def _name(name: str) -> str:
    plain_name = name.lower().replace("-", "_")
    return f"{plain_name}_" if iskeyword(plain_name) else plain_name


def _logical(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[-_]", name))
