"""Requests and batch work log in to a database as the same user.

## What it finds

A secret that both a function behind an API or URL and a function that only a schedule starts use for the same store.

## Why it matters

PostgreSQL and MySQL can limit connections by user. With a user of its own, a batch run that goes wrong takes its own connections, not
those of the request path; its statements can have another timeout; and it can be locked out alone.

## What it cannot see

Users inside a secret that no document shows, and logins by RDS IAM.

## Bad

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Family: postgres17
      Description: limits
      Parameters:
        {max_connections: "100", statement_timeout: 8000, idle_in_transaction_session_timeout: 8000, idle_session_timeout: 300000}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {}}
  OfOrders:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref Login, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}

  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 30
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_SECRET_ARN: !Ref Login}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !GetAtt Api.Arn}
  Cleanup:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 60
      ReservedConcurrentExecutions: 1
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_SECRET_ARN: !Ref Login}}
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 day)
      Targets: [{Id: cleanup, Arn: !GetAtt Cleanup.Arn, DeadLetterConfig: {Arn: !GetAtt Failed.Arn}}]
  Failed: {Type: AWS::SQS::Queue}
  FailedRuns:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Cleanup
      Qualifier: $LATEST
      DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
```

## Good

```yaml cloudformation
Resources:
  Limits:
    Type: AWS::RDS::DBParameterGroup
    Properties:
      Family: postgres17
      Description: limits
      Parameters:
        {max_connections: "100", statement_timeout: 8000, idle_in_transaction_session_timeout: 8000, idle_session_timeout: 300000}
  Orders:
    Type: AWS::RDS::DBInstance
    Properties:
      {Engine: postgres, EngineVersion: "17.5", DBInstanceClass: db.m6g.4xlarge, DBParameterGroupName: !Ref Limits}
  Login:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {}}
  OfOrders:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref Login, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}

  ReportLogin:
    Type: AWS::SecretsManager::Secret
    Properties: {GenerateSecretString: {}}

  OfReports:
    Type: AWS::SecretsManager::SecretTargetAttachment
    Properties: {SecretId: !Ref ReportLogin, TargetId: !Ref Orders, TargetType: AWS::RDS::DBInstance}

  Api:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 10
      ReservedConcurrentExecutions: 30
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_SECRET_ARN: !Ref Login}}
  Url:
    Type: AWS::Lambda::Url
    Properties: {AuthType: AWS_IAM, TargetFunctionArn: !GetAtt Api.Arn}
  Cleanup:
    Type: AWS::Lambda::Function
    Properties:
      Timeout: 60
      ReservedConcurrentExecutions: 1
      Environment: {Variables: {PGHOST: !GetAtt Orders.Endpoint.Address, DB_SECRET_ARN: !Ref ReportLogin}}
  Nightly:
    Type: AWS::Events::Rule
    Properties:
      ScheduleExpression: rate(1 day)
      Targets: [{Id: cleanup, Arn: !GetAtt Cleanup.Arn, DeadLetterConfig: {Arn: !GetAtt Failed.Arn}}]
  Failed: {Type: AWS::SQS::Queue}
  FailedRuns:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref Cleanup
      Qualifier: $LATEST
      DestinationConfig: {OnFailure: {Destination: !GetAtt Failed.Arn}}
```

## How to fix

Make a database user and a secret for the batch work, with `ALTER ROLE … CONNECTION LIMIT n` or `MAX_USER_CONNECTIONS`.

## References

- https://www.postgresql.org/docs/current/sql-alterrole.html
- https://dev.mysql.com/doc/refman/8.4/en/user-resources.html
"""

from __future__ import annotations

from collections.abc import Iterator

from constructs_lib.model.budget import Budget
from constructs_lib.model.finding import Confidence, Finding, Severity
from constructs_lib.model.fleet import Consumer, Fleet
from constructs_lib.model.settings import Settings
from constructs_lib.rules._invocation import on_request_path, only_scheduled
from constructs_lib.rules._page import references_in
from constructs_lib.rules._rule import Rule
from constructs_lib.rules._wording import listed


def search(rule: Rule, fleet: Fleet, _budget: Budget, _settings: Settings) -> Iterator[Finding]:
    """One finding for each secret with which both requests and batch work log in."""
    users: dict[tuple[str, str], dict[str, Consumer]] = {}
    for edge in fleet.connections:
        consumer = fleet.consumer_by_id.get(edge.consumer)
        if consumer is None or consumer.deploy_time or edge.certainty == "possible":
            continue
        for secret in edge.secrets if edge.via in ("direct", "proxy") else ():
            users.setdefault((edge.store, secret), {})[consumer.id] = consumer
    for (store, secret), found in users.items():
        requests = [name for name, consumer in found.items() if on_request_path(consumer)]
        batch = [name for name, consumer in found.items() if _is_batch(consumer)]
        if requests and batch:
            yield _finding(rule, store, secret, requests, [found[name] for name in batch])


def _is_batch(consumer: Consumer) -> bool:
    return consumer.kind == "job" or only_scheduled(consumer)


def _finding(rule: Rule, store: str, secret: str, requests: list[str], batch: list[Consumer]) -> Finding:
    names = [consumer.id for consumer in batch]
    return rule.finding(
        store,
        f"{listed(requests)} and {listed(names)} log in to {store} with the same user, that of {secret}",
        arithmetic=[*(f"{name}: request path" for name in requests), *(f"{name}: batch" for name in names)],
        fix=f"give {listed(names)} a database user and secret of its own, with a connection limit (ALTER ROLE … CONNECTION LIMIT n)",
        origin=batch[0].origin,
        confidence=Confidence.CERTAIN,
    )


RULE = Rule(
    code="PP607",
    name="shared-credentials",
    severity=Severity.INFO,
    since="0.1.0",
    references=references_in(__doc__),
    search=search,
    page=__doc__ or "",
)
