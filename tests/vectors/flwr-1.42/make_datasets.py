"""Writes datasets.json: how Flower Datasets divides a small table. Run with flwr-datasets 0.6.1: python make_datasets.py

Cases where chance has a part are in it as examples of what it drew with numpy's generator.
"""
import importlib.metadata
import json
import os
import warnings

import numpy as np
from datasets import Dataset
from flwr_datasets import metrics, partitioner, utils

warnings.simplefilter("ignore")
N = 23
COLUMNS = {
    "row": list(range(N)),
    "label": [(i * i + i // 3) % 4 for i in range(N)],
    "user": [("ann", "bob", "cid", "dan", "eve", "fay", "gus")[5 * i % 7] for i in range(N)],
    "x": [float(7 * i % 11) for i in range(N)],
    "a": [0] * N,
    "b": [0] * N,
}
TABLE = Dataset.from_dict(COLUMNS)
ORDERED = {"shuffle": False}


def parts_of(made):
    return [made.load_partition(i) for i in range(made.num_partitions)]


def rows_of(parts):
    return [[int(row) for row in part["row"]] for part in parts]


def case(name, kind, **options):
    shown = {key: np.asarray(value).tolist() if isinstance(value, np.ndarray) else value for key, value in options.items() if not callable(value)}
    found = {"name": name, "partitioner": kind + "Partitioner", "options": shown}
    try:
        made = getattr(partitioner, kind + "Partitioner")(**options)
        made.dataset = TABLE
        found["num_partitions"] = made.num_partitions
        parts = parts_of(made)
        if kind.startswith("Vertical"):
            found["columns"] = [part.column_names for part in parts]
        else:
            found["rows"] = rows_of(parts)
    except Exception as error:
        found["raises"] = type(error).__name__
    return found


def grouped(name, size, mode=None, **others):
    return case(name, "GroupedNaturalId", partition_by="user", group_size=size, **({"mode": mode} if mode else {}), **others)


def with_label(mode):
    return case(f"vertical even, {mode}", "VerticalEven", num_partitions=2, active_party_columns=["label"], active_party_columns_mode=mode, **ORDERED)


CASES = [
    case("iid, 4", "Iid", num_partitions=4),
    case("iid, more than rows", "Iid", num_partitions=30),
    *(case(f"{kind}Partitioner, 3", kind, num_partitions=3) for kind in ("Linear", "Square", "Exponential")),
    case("square, 9: one would be empty", "Square", num_partitions=9),
    case("sizes", "Size", partition_sizes=[3, 10, 5]),
    case("sizes beyond the table", "Size", partition_sizes=[20, 5]),
    case("size 0", "Size", partition_sizes=[20, 0]),
    case("size by function, i + 2", "IdToSizeFnc", num_partitions=4, partition_id_to_size_fn=lambda ids: ids + 2),
    case("natural ids, sorted", "NaturalId", partition_by="user"),
]
for mode in ("allow-smaller", "allow-bigger", "drop-reminder", "strict"):
    CASES += [grouped(f"groups of 3, {mode}", 3, mode), grouped(f"groups of 3, {mode}, sorted", 3, mode, sort_unique_ids=True)]
BY_LABEL = {"num_partitions": 5, "partition_by": "label"}
CASES += [
    grouped("groups of 9, allow-smaller", 9),
    grouped("groups of 9, allow-bigger", 9, "allow-bigger"),
    grouped("groups of 7, strict", 7, "strict"),
    case("continuous, strictness 1", "Continuous", num_partitions=4, partition_by="x", strictness=1.0, **ORDERED),
    case("continuous, constant column", "Continuous", num_partitions=4, partition_by="a", strictness=0.5, **ORDERED),
    case("pathological, deterministic", "Pathological", **BY_LABEL, num_classes_per_partition=2, class_assignment_mode="deterministic", **ORDERED),
    case("pathological, too many classes", "Pathological", **BY_LABEL, num_classes_per_partition=5),
    case("distribution, exact numbers", "Distribution", distribution_array=np.array([[1.0, 1.0], [3.0, 1.0], [1.0, 0.0], [1.0, 1.0]]), num_partitions=4,
         num_unique_labels_per_partition=2, partition_by="label", preassigned_num_samples_per_label=0, rescale=False, **ORDERED),
    case("vertical even", "VerticalEven", num_partitions=3, **ORDERED),
    case("vertical even, active party", "VerticalEven", num_partitions=2, active_party_columns="label", drop_columns="row", shared_columns="user", **ORDERED),
    *(with_label(mode) for mode in ("add_to_first", "add_to_last", "create_as_first", "create_as_last", "add_to_all", 1)),
    case("vertical sizes", "VerticalSize", partition_sizes=[1, 2, 3], **ORDERED),
    case("vertical sizes, wrong sum", "VerticalSize", partition_sizes=[1, 2], **ORDERED),
    case("vertical fractions", "VerticalSize", partition_sizes=[0.3, 0.7], **ORDERED),
]


def drawn(name, kind, **options):
    made = getattr(partitioner, kind + "Partitioner")(partition_by="label", **options, **ORDERED)
    made.dataset = TABLE
    return {"name": name, "rows": rows_of(parts_of(made))}


THREE = {"num_partitions": 3}
DRAWN = [
    drawn("shards of 3, 2 each", "Shard", **THREE, num_shards_per_partition=2, shard_size=3),
    drawn("2 shards each", "Shard", **THREE, num_shards_per_partition=2),
    drawn("shards of 3", "Shard", **THREE, shard_size=3),
    drawn("shards of 3, incomplete kept", "Shard", **THREE, shard_size=3, keep_incomplete_shard=True),
    drawn("dirichlet 0.5", "Dirichlet", **THREE, alpha=0.5, min_partition_size=2),
    drawn("dirichlet 0.5, self-balancing", "Dirichlet", **THREE, alpha=0.5, min_partition_size=2, self_balancing=True),
    drawn("inner dirichlet", "InnerDirichlet", partition_sizes=[8, 10, 5], alpha=0.5),
    drawn("pathological, random", "Pathological", num_partitions=4, num_classes_per_partition=2),
]
iid = partitioner.IidPartitioner(3)
iid.dataset = TABLE
table = {"rows": N, **{name: COLUMNS[name] for name in ("label", "user", "x")}, "columns": TABLE.column_names}
result = {
    "flwr_datasets": importlib.metadata.version("flwr-datasets"),
    "numpy": np.__version__,
    "table": table,
    "cases": CASES,
    "drawn_by_numpy_default_rng_42": DRAWN,
    "iid_3_label_counts": metrics.compute_counts(iid, "label").to_numpy().tolist(),
    "iid_3_label_frequencies": metrics.compute_frequencies(iid, "label").to_numpy().tolist(),
    "divide": {" ".join(map(str, parts)): rows_of(utils.divide_dataset(TABLE, parts)) for parts in ([0.8, 0.2], [0.5, 0.3, 0.2], [0.3, 0.3])},
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "datasets.json"), "w") as file:
    file.write(json.dumps(result, separators=(",", ":")).replace('{"name":', '\n{"name":') + "\n")
