"""Writes Parquet files of one table in many ways, and the table as CSV: python make.py (pyarrow 26)"""
import datetime
import decimal
import os

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

HERE = os.path.dirname(os.path.abspath(__file__))
ROWS = 40
age = [None if i == 5 else 18 + (i * 7) % 60 for i in range(ROWS)]
TABLE = pa.table({
    "age": pa.array(age, pa.int32()),
    "count": pa.array([i * 10**11 - 3 for i in range(ROWS)], pa.int64()),
    "weight": pa.array([None if i % 9 == 4 else 50 + i / 3 for i in range(ROWS)], pa.float64()),
    "score": pa.array([(i % 16) / 8 for i in range(ROWS)], pa.float32()),
    "smoker": pa.array([i % 3 == 0 for i in range(ROWS)], pa.bool_()),
    "ward": pa.array([["A", "Bü", "C, D", "NA"][i % 4] for i in range(ROWS)], pa.string()),
    "outcome": pa.array([["no", "yes"][i % 5 == 1] for i in range(ROWS)], pa.string()),
})


def write(name, table=TABLE, **options):
    pq.write_table(table, os.path.join(HERE, name + ".parquet"), **options)


as_numbers = TABLE.set_column(4, "smoker", TABLE["smoker"].cast(pa.int8()))
pyarrow.csv.write_csv(as_numbers, os.path.join(HERE, "table.csv"))
for codec in ("none", "snappy", "gzip", "zstd", "brotli", "lz4"):
    write(codec, compression=codec)
write("groups", row_group_size=7)
write("pages", data_page_size=32, write_batch_size=4, use_dictionary=False)
write("second", data_page_version="2.0", compression="zstd")
write("second_plain", data_page_version="2.0", use_dictionary=False, compression="none")
encodings = {"age": "DELTA_BINARY_PACKED", "count": "DELTA_BINARY_PACKED", "weight": "BYTE_STREAM_SPLIT", "score": "BYTE_STREAM_SPLIT",
             "smoker": "RLE", "ward": "DELTA_BYTE_ARRAY", "outcome": "DELTA_LENGTH_BYTE_ARRAY"}
write("encodings", use_dictionary=False, column_encoding=encodings)
one = pa.table({"x": pa.array([2.5] * 50), "y": pa.array(["a"] * 50)})
write("constant_second", one, data_page_version="2.0")
write("kinds", pa.table({
    "x": pa.array([1, 2], pa.uint8()),
    "half": pa.array([0.5, 1.5], pa.float16()),
    "price": pa.array([decimal.Decimal("1.25"), decimal.Decimal("-3.50")], pa.decimal128(8, 2)),
    "large": pa.array([2**63 + 5, 1], pa.uint64()),
    "day": pa.array([datetime.date(2026, 1, 1)] * 2),
    "time": pa.array([datetime.datetime(2026, 1, 1)] * 2),
    "bytes": pa.array([b"a", b"b"], pa.binary()),
    "list": pa.array([[1], [2]]),
    "parts": pa.array([{"a": 1}, {"a": 2}]),
    "y": pa.array(["a", "b"]),
}))
write("pandas_index", pa.table({"x": [1.0, 2.0], "y": ["a", "b"], "__index_level_0__": [5, 6]}))
write("empty", TABLE.slice(0, 0))
zeros = pa.table({"x": pa.array([0] * 1_000_000, pa.int8())})
with pq.ParquetWriter(os.path.join(HERE, "many_rows.parquet"), zeros.schema, write_statistics=False, compression="zstd",
                      data_page_size=2**30, max_rows_per_page=2**30) as writer:
    for _ in range(70):
        writer.write_table(zeros)
