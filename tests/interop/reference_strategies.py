"""What Flower's own strategies make of the same nodes, in one process. Prints the weights of each as JSON.

Usage: reference_strategies.py <folder of the app> <rounds> <partitions in the order of their replies: 2,0,1>
"""

import json
import sys

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.serverapp import strategy
from flwr.supercore.task_identity import TaskIdentity

folder, rounds, order = sys.argv[1], int(sys.argv[2]), [int(p) for p in sys.argv[3].split(",")]
sys.path.insert(0, folder)
from numpy_nodes.task import train  # noqa: E402

TaskIdentity.run_id = TaskIdentity.node_id = TaskIdentity.task_id = 1


class Grid:
    def get_node_ids(self):
        return [partition + 1 for partition in order]


def play(tested):
    arrays = ArrayRecord({"weights": Array(np.zeros(3, dtype=np.float32))})
    for number in range(1, rounds + 1):
        sent = {m.metadata.dst_node_id: m for m in tested.configure_train(number, arrays, ConfigRecord(), Grid())}
        replies = []
        for partition in order:
            weights, loss = train(sent[partition + 1].content["arrays"]["weights"].numpy(), partition)
            metrics = MetricRecord({"num-examples": 32 + partition, "train_loss": loss})
            content = RecordDict({"arrays": ArrayRecord({"weights": Array(weights)}), "metrics": metrics})
            replies.append(Message(content, reply_to=sent[partition + 1]))
        arrays, _ = tested.aggregate_train(number, replies)
    return arrays["weights"].numpy().tolist()


print(json.dumps({
    "FedAdam": play(strategy.FedAdam()),
    "Bulyan": play(strategy.Bulyan()),
    "QFedAvg": play(strategy.QFedAvg(client_learning_rate=0.05)),
}))
