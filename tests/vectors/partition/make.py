"""Writes flwr_datasets.json: what the partitioners of Flower Datasets do, exactly where they are deterministic, as
means and deviations over many seeds where they are not.

Run with flwr-datasets 0.6.1: python make.py > flwr_datasets.json
"""
import json
import warnings

import numpy as np
from datasets import Dataset
from flwr_datasets import partitioner as p

warnings.simplefilter("ignore")
LABELS = np.tile(np.arange(10), 200)
SEEDS = 200


def parts(partitioner, labels):
    partitioner.dataset = Dataset.from_dict({"row": np.arange(len(labels)), "label": labels})
    return [np.asarray(partitioner.load_partition(i)["row"]) for i in range(partitioner.num_partitions)]


def sizes(partitioner, count):
    return [len(rows) for rows in parts(partitioner, np.zeros(count, int))]


deterministic = []
for count, n in [(50000, 2), (50000, 10), (103, 10), (50000, 7), (1000, 3)]:
    for kind, make in [
        ("iid", p.IidPartitioner),
        ("linear", p.LinearPartitioner),
        ("square", p.SquarePartitioner),
        ("exponential", p.ExponentialPartitioner),
    ]:
        try:
            deterministic.append(dict(kind=kind, examples=count, partitions=n, sizes=sizes(make(n), count)))
        except ValueError:
            deterministic.append(dict(kind=kind, examples=count, partitions=n, sizes=None))

pathological = []
for n, classes in [(10, 2), (4, 3), (15, 2), (3, 10)]:
    rows = parts(p.PathologicalPartitioner(n, "label", classes, "deterministic", shuffle=False), LABELS)
    pathological.append(dict(partitions=n, classes=classes, rows=[[len(r), int(r.sum()), *sorted(set(LABELS[r].tolist()))] for r in rows]))

shards = []
for n, options in [
    (10, dict(num_shards_per_partition=2)),
    (9, dict(num_shards_per_partition=2)),
    (10, dict(num_shards_per_partition=2, shard_size=50)),
    (9, dict(shard_size=100)),
    (10, dict(shard_size=99, keep_incomplete_shard=True)),
]:
    rows = parts(p.ShardPartitioner(n, "label", **options), LABELS)
    shards.append(dict(partitions=n, **options, sizes=sorted(len(r) for r in rows)))


def statistics(rows):
    """Largest and smallest partition, and how unevenly the classes fall: the mean share of a partition's main class."""
    counts = [np.bincount(LABELS[r], minlength=10) for r in rows]
    totals = [int(c.sum()) for c in counts]
    return [max(totals), min(totals), float(np.mean([c.max() / c.sum() for c in counts]))]


dirichlet = []
for alpha, balancing, smallest in [(0.5, False, 10), (0.1, True, 10), (5.0, False, 10), (0.5, True, 50)]:
    values = []
    for seed in range(SEEDS):
        make = p.DirichletPartitioner(8, "label", alpha, smallest, balancing, seed=seed)
        values.append(statistics(parts(make, LABELS)))
    dirichlet.append(dict(
        alpha=alpha, selfBalancing=balancing, minPartitionSize=smallest,
        mean=np.mean(values, 0).tolist(), deviation=np.std(values, 0).tolist(),
    ))
print(json.dumps(dict(seeds=SEEDS, deterministic=deterministic, pathological=pathological, shards=shards, dirichlet=dirichlet)))
