"""One day of the lake as one Parquet object, replaced whole.

Writing an S3 object is atomic: a reader sees the old one or the new one, never half. So a partition is one object under one name, and
replacing it needs no second name, no catalogue and no clean-up. Rows are kept in the order of time: a window of the day is replaced by
copying what lies before it, then the window, then what lies after it. Row groups have a fixed number of rows, so the same rows give
the same bytes however many runs wrote them. Memory holds one row group; the day lies in the function's ephemeral storage.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from botocore.exceptions import ClientError
from datastores.projection import Window

ROW_GROUP_ROWS = 50_000
TIME_COLUMN = "created_at"


@dataclass(frozen=True)
class Replaced:
    """A partition after its replacement: rows in all, and bytes of the object."""

    rows: int
    size: int


class DayPartitions:
    """The partitions ``<prefix>dt=YYYY-MM-DD/`` of a table; ``s3`` is a boto3 client."""

    def __init__(self, s3: Any, bucket: str, prefix: str, schema: pa.Schema) -> None:
        self._s3, self._bucket, self._prefix, self._schema = s3, bucket, prefix, schema

    def key(self, day: date) -> str:
        """The one object of a day."""
        return f"{self._prefix}dt={day.isoformat()}/sales.parquet"

    def replace(self, window: Window, rows: Iterable[pa.RecordBatch]) -> Replaced:
        """Put ``rows`` in the place of everything the day holds within the window; visible at once or not at all."""
        with tempfile.TemporaryDirectory() as folder:
            before, after = Path(folder) / "before.parquet", Path(folder) / "after.parquet"
            found = self._fetch(window.day, before)
            count = self._write(after, self._merged(before if found else None, window, rows))
            self._s3.upload_file(
                str(after),
                self._bucket,
                self.key(window.day),
                ExtraArgs={"ContentType": "application/vnd.apache.parquet"},
            )
            return Replaced(count, after.stat().st_size)

    def _fetch(self, day: date, place: Path) -> bool:
        try:
            self._s3.download_file(self._bucket, self.key(day), str(place))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"404", "NoSuchKey", "NotFound"}:
                return False
            raise
        return True

    def _merged(self, before: Path | None, window: Window, rows: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        start, end = _naive(window.start), _naive(window.end)
        if before is not None:
            yield from _kept(before, lambda times: pc.less(times, start))
        yield from rows
        if before is not None:
            yield from _kept(before, lambda times: pc.greater_equal(times, end))

    def _write(self, place: Path, batches: Iterable[pa.RecordBatch]) -> int:
        count = 0
        with pq.ParquetWriter(place, self._schema, compression="zstd", version="2.6") as writer:
            for group in _row_groups(batches, self._schema):
                writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                count += group.num_rows
        return count


def _kept(file: Path, condition: Any) -> Iterator[pa.RecordBatch]:
    with pq.ParquetFile(file) as parquet:
        for batch in parquet.iter_batches(batch_size=ROW_GROUP_ROWS):
            kept = batch.filter(condition(batch.column(TIME_COLUMN)))
            if kept.num_rows:
                yield kept


def _row_groups(batches: Iterable[pa.RecordBatch], schema: pa.Schema) -> Iterator[pa.Table]:
    """The same rows as tables of ``ROW_GROUP_ROWS``, the last one smaller, whatever the batches' sizes."""
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        while rows >= ROW_GROUP_ROWS:
            table = pa.Table.from_batches(waiting, schema).combine_chunks()
            yield table.slice(0, ROW_GROUP_ROWS)
            rest = table.slice(ROW_GROUP_ROWS)
            waiting, rows = rest.to_batches(), rest.num_rows
    if rows:
        yield pa.Table.from_batches(waiting, schema).combine_chunks()


def _naive(moment: datetime) -> pa.Scalar:
    return pa.scalar(moment.astimezone(timezone.utc).replace(tzinfo=None), pa.timestamp("us"))
