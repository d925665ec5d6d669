"""Several proxies of one database take more than all of its connections between them.

## What it finds

Two or more RDS proxies with the same target whose `MaxConnectionsPercent` add up to more than 100. A proxy that does not set it counts
with AWS's default of 100. The finding is *certain* when the clients that certainly may come fill more than the database has for
clients, else *likely*: a proxy opens connections for clients that come, and the message names how many these make it open. A sum of
at most 100 that still reaches into what the engine or operators need is
`proxy-takes-reserved-slots` (PP204), which leaves sums above 100 to this rule.

## Why it matters

Each proxy takes its percentage of the database's `max_connections` as if it were alone; AWS neither divides nor checks. While both are
quiet nothing shows. When both are busy, the one that comes second is refused by the database although its own pool still has room, and
its clients wait out their borrow timeout for a connection that cannot be opened.

## What it cannot see

Proxies in templates that were not given, or that target the database in another account. A percentage that comes from an open
parameter counts as 0.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Requests:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: requests, EngineFamily: POSTGRESQL, RequireTLS: true}
  RequestTargets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Requests
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 70, ConnectionBorrowTimeout: 5}
  Reports:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: reports, EngineFamily: POSTGRESQL, RequireTLS: true}
  ReportTargets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Reports
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 40, ConnectionBorrowTimeout: 5}
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
resource "aws_db_proxy" "requests" {
  name          = "requests"
  engine_family = "POSTGRESQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "requests" {
  db_proxy_name = aws_db_proxy.requests.name
  connection_pool_config {
    max_connections_percent      = 70
    max_idle_connections_percent = 20
    connection_borrow_timeout    = 5
  }
}
resource "aws_db_proxy_target" "requests" {
  db_proxy_name          = aws_db_proxy.requests.name
  target_group_name      = aws_db_proxy_default_target_group.requests.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_db_proxy" "reports" {
  name          = "reports"
  engine_family = "POSTGRESQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "reports" {
  db_proxy_name = aws_db_proxy.reports.name
  connection_pool_config {
    max_connections_percent      = 40
    max_idle_connections_percent = 20
    connection_borrow_timeout    = 5
  }
}
resource "aws_db_proxy_target" "reports" {
  db_proxy_name          = aws_db_proxy.reports.name
  target_group_name      = aws_db_proxy_default_target_group.reports.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
for name, percent in (("Requests", 70), ("Reports", 40)):
    orders.add_proxy(
        name, secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=percent, borrow_timeout=Duration.seconds(5),
    )
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties: {Family: postgres17, Description: limits, Parameters: {max_connections: "100"}}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Requests:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: requests, EngineFamily: POSTGRESQL, RequireTLS: true}
  RequestTargets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Requests
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 50, ConnectionBorrowTimeout: 5}
  Reports:
    Type: AWS::RDS::DBProxy
    Properties: {DBProxyName: reports, EngineFamily: POSTGRESQL, RequireTLS: true}
  ReportTargets:
    Type: AWS::RDS::DBProxyTargetGroup
    Properties:
      DBProxyName: !Ref Reports
      TargetGroupName: default
      DBInstanceIdentifiers: [!Ref Orders]
      ConnectionPoolConfigurationInfo: {MaxConnectionsPercent: 30, ConnectionBorrowTimeout: 5}
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
resource "aws_db_proxy" "requests" {
  name          = "requests"
  engine_family = "POSTGRESQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "requests" {
  db_proxy_name = aws_db_proxy.requests.name
  connection_pool_config {
    max_connections_percent      = 50
    max_idle_connections_percent = 20
    connection_borrow_timeout    = 5
  }
}
resource "aws_db_proxy_target" "requests" {
  db_proxy_name          = aws_db_proxy.requests.name
  target_group_name      = aws_db_proxy_default_target_group.requests.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
resource "aws_db_proxy" "reports" {
  name          = "reports"
  engine_family = "POSTGRESQL"
  require_tls   = true
}
resource "aws_db_proxy_default_target_group" "reports" {
  db_proxy_name = aws_db_proxy.reports.name
  connection_pool_config {
    max_connections_percent      = 30
    max_idle_connections_percent = 20
    connection_borrow_timeout    = 5
  }
}
resource "aws_db_proxy_target" "reports" {
  db_proxy_name          = aws_db_proxy.reports.name
  target_group_name      = aws_db_proxy_default_target_group.reports.name
  db_instance_identifier = aws_db_instance.orders.identifier
}
```

```python cdk
from aws_cdk import Duration, aws_ec2 as ec2, aws_rds as rds

vpc = ec2.Vpc(stack, "Vpc", nat_gateways=0)
isolated = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)
orders = rds.DatabaseInstance(
    stack, "Orders", vpc=vpc, engine=rds.DatabaseInstanceEngine.postgres(version=rds.PostgresEngineVersion.VER_17_5),
    vpc_subnets=isolated, instance_type=ec2.InstanceType("m6g.4xlarge"), parameters={"max_connections": "100"},
)
for name, percent in (("Requests", 50), ("Reports", 30)):
    orders.add_proxy(
        name, secrets=[orders.secret], vpc=vpc, vpc_subnets=isolated, max_connections_percent=percent, borrow_timeout=Duration.seconds(5),
    )
```

## How to fix

Divide what is left after the engine's reserve, operators and direct clients among the proxies, by what their clients need at the same
time; the finding says how much that is. Often one proxy with two endpoints does as well, and lets one side use what the other leaves.

## References

- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy-connections.html
- https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-proxy.html
- https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ConnectionPoolConfiguration.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget, StoreBudget
from constructs_lib.model.capacity import Term
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Fleet
from constructs_lib.model.openings import compare_openings
from constructs_lib.model.quantity import ZERO
from constructs_lib.model.settings import Settings
from constructs_lib.model.verdict import Verdict
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._shares import largest_share, over_the_whole, percent_together, proxies_of, share_label
from constructs_lib.rules._wording import by_clients, listed


def search(rule: Rule, _fleet: Fleet, budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each store whose proxies surely take more than 100 % between them."""
    told: set[str] = set()
    for item in budget.stores:
        if item.store.id not in told and over_the_whole(item):
            told.add(item.store.id)
            yield _finding(rule, item)


def _finding(rule: Rule, item: StoreBudget) -> Finding:
    proxies = proxies_of(item)
    names = listed(budget.pool.id for budget in proxies)
    first = proxies[0].pool
    sure = _clients_fill(item)
    return rule.finding(
        first.id,
        f"{names} together take {percent_together(item)} % of max_connections of {item.store.id}; 100 % are all there are"
        + ("" if sure else by_clients(item, item.capacity.reserved)),
        arithmetic=[
            *item.capacity.terms,
            *(Term(share_label(budget), budget.opening, budget.pool.origin) for budget in proxies),
            Term("proxies may open", item.pools_opening),
        ],
        fix=largest_share(item, names),
        origin=first.origin,
        confidence=Confidence.CERTAIN if sure else Confidence.LIKELY,
    )


def _clients_fill(item: StoreBudget) -> bool:
    """Whether clients that were read without doubt make the proxies open more than the engine gives them."""
    limit, kept = item.capacity.max_connections, item.capacity.reserved
    return compare_openings(limit, item.pools, ZERO, kept, read_only=True) is Verdict.EXCEEDS


RULE = Rule(
    code="PP203",
    name="proxies-share-target-over-100",
    severity=Severity.ERROR,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
