"""The ClientApp: numpy, with the node's partition from its configuration."""

import numpy as np
from flwr.app import Array, ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from numpy_nodes.task import train as train_weights

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    partition = int(context.node_config["partition-id"])
    sent = message.content["arrays"]["weights"].numpy()
    weights, loss = train_weights(sent, partition)
    metrics = {"num-examples": 32 + partition, "train_loss": loss, "partition": partition}
    metrics["bytes"] = sent.dtype.itemsize
    content = {
        "arrays": ArrayRecord({"weights": Array(np.ascontiguousarray(weights))}),
        "metrics": MetricRecord(metrics),
    }
    return Message(RecordDict(content), reply_to=message)
