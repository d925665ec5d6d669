"""Glue tables over Parquet whose partitions are computed from a rule, so that no crawler has to find them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from aws_cdk import aws_glue as glue
from constructs import Construct

from constructs_lib.errors import InputError, Problem
from constructs_lib.regex import regex

_PARQUET_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_PARQUET_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"
_PARQUET_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_NAME = regex(r"[a-z][a-z0-9_]{0,127}")
_SIMPLE_TYPES = (
    "boolean",
    "tinyint",
    "smallint",
    "int",
    "bigint",
    "float",
    "double",
    "string",
    "binary",
    "date",
    "timestamp",
)
_PARAMETRIC_TYPE = regex(r"(decimal\(\d{1,2},\s?\d{1,2}\)|(var)?char\(\d{1,5}\)|(array|map|struct)<.+>)")


@dataclass(frozen=True)
class LakeTable:
    """A table of the lake: its Glue name, where its files lie in the bucket, and the Glue resource."""

    name: str
    prefix: str
    partition: str
    resource: glue.CfnTable


def refuse_bad_table(name: str, columns: Mapping[str, str], partition: str) -> None:
    """Raise ``InputError`` with every problem of a table's names and types together."""
    names = [("table", name), ("partition", partition), *(("column", column) for column in columns)]
    problems = [
        Problem(
            f"{kind} name '{text}' is not allowed: begin with a to z, then a to z, 0 to 9 or _, at most 128 characters"
        )
        for kind, text in names
        if not _NAME.fullmatch(text)
    ]
    problems += [
        Problem(
            f"column '{column}' of table '{name}' has unknown type '{kind}': use one of {', '.join(_SIMPLE_TYPES)}, decimal(p,s)"
        )
        for column, kind in columns.items()
        if kind not in _SIMPLE_TYPES and not _PARAMETRIC_TYPE.fullmatch(kind)
    ]
    if not columns:
        problems.append(Problem(f"table '{name}' has no columns: name at least one"))
    if partition in columns:
        problems.append(Problem(f"'{partition}' of table '{name}' is column and partition: keep it as partition only"))
    if problems:
        raise InputError(problems)


def projected_table(
    scope: Construct,
    *,
    name: str,
    database: glue.CfnDatabase,
    location: str,
    columns: Mapping[str, str],
    partition: str,
    first_day: str,
) -> glue.CfnTable:
    """A Glue table of Parquet files under ``location``, partitioned by day from ``first_day`` until now.

    Partition projection replaces partitions in the catalog: Athena computes them from these parameters
    (Athena user guide, "Partition projection: supported types", 2026-11-21). A day without files is an empty day.
    """
    return glue.CfnTable(
        scope,
        f"Table-{name}",
        catalog_id=database.catalog_id,
        database_name=database.ref,
        table_input=glue.CfnTable.TableInputProperty(
            name=name,
            table_type="EXTERNAL_TABLE",
            parameters={"EXTERNAL": "TRUE", "classification": "parquet", **_projection(partition, first_day, location)},
            partition_keys=[glue.CfnTable.ColumnProperty(name=partition, type="string")],
            storage_descriptor=_storage(location, columns),
        ),
    )


def _projection(partition: str, first_day: str, location: str) -> dict[str, str]:
    return {
        "projection.enabled": "true",
        f"projection.{partition}.type": "date",
        f"projection.{partition}.format": "yyyy-MM-dd",
        f"projection.{partition}.range": f"{first_day},NOW",
        f"projection.{partition}.interval": "1",
        f"projection.{partition}.interval.unit": "DAYS",
        "storage.location.template": f"{location}{partition}=${{{partition}}}/",
    }


def _storage(location: str, columns: Mapping[str, str]) -> glue.CfnTable.StorageDescriptorProperty:
    return glue.CfnTable.StorageDescriptorProperty(
        location=location,
        columns=[glue.CfnTable.ColumnProperty(name=name, type=kind) for name, kind in columns.items()],
        input_format=_PARQUET_INPUT,
        output_format=_PARQUET_OUTPUT,
        serde_info=glue.CfnTable.SerdeInfoProperty(
            serialization_library=_PARQUET_SERDE, parameters={"serialization.format": "1"}
        ),
        compressed=True,
    )
