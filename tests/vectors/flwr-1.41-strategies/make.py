"""Records what Flower's own strategies make of three rounds of replies from five nodes.

Run with flwr 1.41.0 (numpy 2.4.6):  python make.py > strategies.json
"""

import json

import flwr
import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.serverapp import strategy
from flwr.supercore.task_identity import TaskIdentity

ROUNDS = 3
NUM_EXAMPLES = [3, 1, 4, 1, 5]
NODES = len(NUM_EXAMPLES)

TaskIdentity.run_id = TaskIdentity.node_id = TaskIdentity.task_id = 1
rng = np.random.default_rng(20260101)


class Grid:
    def get_node_ids(self):
        return list(range(2, 2 + NODES))


def record(arrays):
    return ArrayRecord({name: Array(np.asarray(array)) for name, array in arrays.items()})


def lists(arrays):
    return {name: array.tolist() for name, array in arrays.items()}


initial = {"a": rng.normal(size=4), "b": rng.normal(size=2)}
updates = [
    [{name: rng.normal(size=array.shape, scale=0.5) for name, array in initial.items()} for _ in range(NODES)]
    for _ in range(ROUNDS)
]
for of_round in updates:  # the last node lies far off
    of_round[-1] = {name: array + 3.0 for name, array in of_round[-1].items()}


def run(tested):
    current = dict(initial)
    rounds = []
    for number in range(1, ROUNDS + 1):
        sent = list(tested.configure_train(number, record(current), ConfigRecord(), Grid()))
        replies = []
        for node in range(NODES):
            trained = {name: array + updates[number - 1][node][name] for name, array in current.items()}
            metrics = MetricRecord({"num-examples": NUM_EXAMPLES[node], "loss": node / number})
            content = RecordDict({"arrays": record(trained), "metrics": metrics})
            replies.append(Message(content, reply_to=sent[node]))
        arrays, metrics = tested.aggregate_train(number, replies)
        current = {name: array.numpy() for name, array in arrays.items()}
        rounds.append({"arrays": lists(current), "loss": metrics["loss"]})
    return rounds


CASES = [
    ("FedAvg", {}, strategy.FedAvg()),
    (
        "FedAvgM",
        {"serverLearningRate": 0.5, "serverMomentum": 0.9},
        strategy.FedAvgM(server_learning_rate=0.5, server_momentum=0.9),
    ),
    ("FedAdagrad", {}, strategy.FedAdagrad()),
    ("FedAdam", {}, strategy.FedAdam()),
    ("FedYogi", {}, strategy.FedYogi()),
    ("FedMedian", {}, strategy.FedMedian()),
    ("FedTrimmedAvg", {}, strategy.FedTrimmedAvg()),
    ("Krum", {"numMaliciousNodes": 1}, strategy.Krum(num_malicious_nodes=1)),
    (
        "MultiKrum",
        {"numMaliciousNodes": 1, "numNodesToSelect": 3},
        strategy.MultiKrum(num_malicious_nodes=1, num_nodes_to_select=3),
    ),
]

recorded = {
    "flwr": flwr.__version__,
    "numpy": np.__version__,
    "initial": lists(initial),
    "numExamples": NUM_EXAMPLES,
    "updates": [[lists(arrays) for arrays in of_round] for of_round in updates],
    "cases": [
        {"strategy": name, "options": options, "rounds": run(tested)} for name, options, tested in CASES
    ],
}
print(json.dumps(recorded, indent=1))
