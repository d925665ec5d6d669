"""Tables of the SAM specification: policy templates that open a way to a store, read from the SAM developer guide on 2026-11-21."""

from __future__ import annotations

_TABLE = "arn:aws:dynamodb:::table/"
_READ = ("dynamodb:GetItem", "dynamodb:Scan", "dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:DescribeTable")
_WRITE = ("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:BatchWriteItem")

#: name: (actions, parameter that names the resource, text before it to make an ARN)
POLICY_TEMPLATES: dict[str, tuple[tuple[str, ...], str, str]] = {
    "DynamoDBCrudPolicy": ((*_READ, *_WRITE, "dynamodb:DeleteItem"), "TableName", _TABLE),
    "DynamoDBReadPolicy": (_READ, "TableName", _TABLE),
    "DynamoDBWritePolicy": (_WRITE, "TableName", _TABLE),
    "DynamoDBReconfigurePolicy": (("dynamodb:UpdateTable",), "TableName", _TABLE),
    "DynamoDBStreamReadPolicy": (("dynamodb:GetRecords", "dynamodb:DescribeStream"), "TableName", _TABLE),
    "DynamoDBBackupFullAccessPolicy": (("dynamodb:CreateBackup",), "TableName", _TABLE),
    "AWSSecretsManagerGetSecretValuePolicy": (("secretsmanager:GetSecretValue",), "SecretArn", ""),
    "AWSSecretsManagerRotationPolicy": (("secretsmanager:PutSecretValue", "secretsmanager:GetSecretValue"), "", ""),
    "SSMParameterReadPolicy": (("ssm:GetParameter", "ssm:GetParameters"), "ParameterName", "arn:aws:ssm:::parameter/"),
    "SSMParameterWithSlashPrefixReadPolicy": (
        ("ssm:GetParameter", "ssm:GetParameters"),
        "ParameterName",
        "arn:aws:ssm:::parameter",
    ),
    "AthenaQueryPolicy": (("athena:StartQueryExecution",), "WorkGroupName", "arn:aws:athena:::workgroup/"),
    "RekognitionDetectOnlyPolicy": (("rekognition:DetectFaces",), "", ""),
}
