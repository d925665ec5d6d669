"""Functions may open more connections than the database has left for them.

## What it finds

A store whose direct clients and pools may together open more connections than are usable:

    Σ environments × connections per environment × versions during a deploy + Σ pools
        > max_connections − kept by the engine − operator reserve − other declared clients

Reserved concurrency bounds the environments of a function. A direct connection counts twice, because the environments of the old
version stay frozen with open sockets while a deploy brings up the new ones; the factor is the setting `deploy_overlap`. When the
sum only fails during a deploy, `deploy-overlap-over-budget` (PP107) warns instead.

The finding is *certain* when it holds for every value the inputs may have: then a sequence of requests that is refused connections
exists. It is *likely* when the excess depends on the lowest possible limit of an unpinned database, on a connection that was
inferred with doubt, or on a pool that opens more than its clients surely ask for; the message names the bound, and the synth goes
on. A function without reserved concurrency is not counted here, only what is surely demanded: `unbounded-database-function` (PP102)
is about it. One connection for each environment is assumed where none is declared; more would only add to the excess.

## Why it matters

The database answers the first client too many with `53300 remaining connection slots are reserved` or `1040 Too many connections`,
and every request on that environment fails. No layer knows the sum: not the function, not the pool, not the database. In one
incident 110 environments opened 110 connections within a minute and every request got a 503; in another a review found the sum,
done by hand, to be 122 for 109 usable connections.

## What it cannot see

Clients that are in none of the documents given: declare them as other connections of the store. Connections a function opens
without anything in the template that points at the database. Sockets of environments older than one deploy.

## Bad

Two functions of 50 environments each: 200 connections during a deploy, 86 usable.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 50
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 50
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=100,
    vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 50
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  timeout                        = 20
  reserved_concurrent_executions = 50
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

## Good

40 environments in all: 80 connections during a deploy.

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 20
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
  Worker:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 20
      ReservedConcurrentExecutions: 20
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address}}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_lambda as lambda_, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED),
    instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
api = lambda_.Function(
    stack, "Api", runtime=lambda_.Runtime.PYTHON_3_13, handler="index.handler", code=lambda_.Code.from_inline("handler = print"),
    timeout=Duration.seconds(20), reserved_concurrent_executions=40, vpc=vpc, environment={"PGHOST": orders.db_instance_endpoint_address},
)
orders.connections.allow_default_port_from(api)
```

```hcl terraform
resource "aws_db_parameter_group" "limits" {
  family = "postgres17"
  parameter {
    name  = "max_connections"
    value = "100"
  }
}
resource "aws_db_instance" "orders" {
  engine               = "postgres"
  engine_version       = "17.5"
  instance_class       = "db.m6g.4xlarge"
  parameter_group_name = aws_db_parameter_group.limits.name
}
resource "aws_lambda_function" "api" {
  function_name                  = "api"
  timeout                        = 20
  reserved_concurrent_executions = 20
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
resource "aws_lambda_function" "worker" {
  function_name                  = "worker"
  timeout                        = 20
  reserved_concurrent_executions = 20
  environment {
    variables = { PGHOST = aws_db_instance.orders.address }
  }
}
```

## How to fix

Lower the reserved concurrency to the values the finding proposes; or put the functions behind a proxy, whose pool then is the only
thing the database sees; or pin a higher `max_connections` on a class whose memory and vCPUs carry it. When functions must stay as
they are for now, acknowledge `poolproof::PP101` with the reason.

## References

- https://github.com/kirill-markin/flashcards-open-source-app/pull/1635
- https://github.com/DhananjayThomble/URL-Shortener-App/issues/278
- https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.quantity import format_number, total
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.rules._fit import largest_direct, shares, spelled
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import by_clients, counted, proxy_for, store_label, store_origin, usable_sum


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each store, or readers of a store, whose sum does not fit."""
    for item in budget.stores:
        if not _demanded(item) or item.verdict_once is Verdict.FITS or not _exceeds_somewhere(item):
            continue
        yield rule.finding(
            item.store.id,
            _message(item),
            arithmetic=item.terms,
            fix=_fix(item),
            origin=store_origin(item),
            confidence=Confidence.CERTAIN if _certain(item) else Confidence.LIKELY,
        )


def _demanded(item: StoreBudget) -> bool:
    """Whether direct clients surely ask for something: pools that are too large by themselves are another rule's finding."""
    return any(demand.once.low > 0 for demand in item.direct)


def _exceeds_somewhere(item: StoreBudget) -> bool:
    """Whether what is surely opened exceeds what is usable, at least at the lowest limit the store may have."""
    if item.ceiling_exceeds:
        return True
    known = not item.capacity.max_connections.is_unknown
    return known and item.verdict is Verdict.UNDECIDED and item.opened.low > item.capacity.usable.low


def _certain(item: StoreBudget) -> bool:
    """Whether the connections that were read without doubt exceed every limit the store may have."""
    read = [demand for demand in item.direct if demand.connection.certainty == "certain"]
    during_deploy = item.compare(total([demand.connections for demand in read]), read_only=True)
    once = item.compare(total([demand.once for demand in read]))
    return bool(read) and during_deploy is Verdict.EXCEEDS and once is not Verdict.FITS


def _message(item: StoreBudget) -> str:
    who = counted(len(item.direct), "function")
    if item.pools:
        who += f" and {counted(len(item.pools), 'pool')}"
    deploy = " during a deploy" if item.opened.low != item.opened_once.low else ""
    opened = counted(item.opened, "connection")
    bound = "" if item.ceiling_exceeds else ", too few if the limit is at its lowest"
    asked = by_clients(item) if item.ceiling_exceeds and item.verdict is not Verdict.EXCEEDS else ""
    return f"{store_label(item)}: {who} may open {opened}{deploy}; {usable_sum(item)}{bound}{asked}"


def _fix(item: StoreBudget) -> str:
    surely = [demand for demand in item.direct if demand.bounded and demand.once.low > 0]
    given = shares(largest_direct(item), surely)
    other = _raised(item)
    if not any(count for _, count in given):
        return f"no reserved concurrency of these functions fits beside the rest: {other}"
    return f"reserve at most {spelled(given)} (the largest values that fit together), {other}"


def _raised(item: StoreBudget) -> str:
    """What else helps: a pool in front, and a database that admits more, by the means that its kind has."""
    needed = format_number(item.opened.low + item.capacity.reserved.low + item.capacity.set_aside.low)
    pooled = f"connect through {proxy_for(item.store)} whose pool fits"
    if item.store.on_rds:
        return f"{pooled}, or pin max_connections of {item.store.id} at {needed} or more on a class that carries it"
    return f"{pooled}, or take a size of {item.store.id} that admits {needed} connections or more"


RULE = Rule(
    code="PP101",
    name="connections-over-budget",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
