"""Aggregates replies with the strategies of the real Flower: numpy_peer.py REPLIES ELEMENTS REPEAT [STRATEGY…]

Prints the seconds of each strategy, the best of several rounds, as JSON.
"""

import json
import logging
import sys
import time

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.supercore.task_identity import TaskIdentity
from flwr.serverapp.strategy import (
    Bulyan,
    FedAdagrad,
    FedAdam,
    FedAvg,
    FedAvgM,
    FedMedian,
    FedTrimmedAvg,
    FedYogi,
    Krum,
    MultiKrum,
    QFedAvg,
)

TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
logging.disable(logging.CRITICAL)
replies, elements, repeat = map(int, sys.argv[1:4])
only = sys.argv[4:]
generator = np.random.default_rng(1)


def model():
    return ArrayRecord({"w": Array(generator.random(elements, dtype=np.float32) - np.float32(0.5))})


class Nodes:
    """As much of a Grid as strategies need."""

    def get_node_ids(self):
        return list(range(2, 2 + replies))


arrays = model()
models = [model() for _ in range(replies)]
seconds = {}
for strategy in [
    FedAvg(),
    FedAvgM(server_learning_rate=0.5, server_momentum=0.9),
    FedAdagrad(),
    FedAdam(),
    FedYogi(),
    FedMedian(),
    FedTrimmedAvg(),
    Krum(num_malicious_nodes=2),
    MultiKrum(num_malicious_nodes=2, num_nodes_to_select=5),
    Bulyan(num_malicious_nodes=2),
    QFedAvg(client_learning_rate=0.1),
]:
    if only and type(strategy).__name__ not in only:
        continue
    best = float("inf")
    for number in range(1, repeat + 2):
        instructions = list(strategy.configure_train(number, arrays, ConfigRecord(), Nodes()))
        # Flower empties the records that it has added: they are made anew, of the same bytes.
        contents = [
            RecordDict(
                {
                    "arrays": ArrayRecord(dict(m)),
                    "metrics": MetricRecord({"num-examples": 10 + i, "train_loss": 1 / (1 + i)}),
                }
            )
            for i, m in enumerate(models)
        ]
        answers = [Message(content, reply_to=instruction) for instruction, content in zip(instructions, contents)]
        start = time.perf_counter()
        new, _ = strategy.aggregate_train(number, answers)
        assert new is not None
        if number > 1:
            best = min(best, time.perf_counter() - start)
    seconds[type(strategy).__name__] = best
# Flower adds nothing before the last reply.
for name in [name for name in ["FedAvg", "FedAdam"] if name in seconds]:
    seconds[f"{name}, last reply"] = seconds[name]
print(json.dumps(seconds))
