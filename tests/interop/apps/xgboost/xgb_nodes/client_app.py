"""The ClientApp: XGBoost, as in Flower's own example."""

import numpy as np
from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

from xgb_nodes.task import train as train_model

app = ClientApp()


@app.train()
def train(message: Message, context: Context) -> Message:
    partition = int(context.node_config["partition-id"])
    sent = message.content["arrays"]["0"].numpy().tobytes()
    trees = train_model(sent, partition, message.content["config"]["bagging"])
    content = {
        "arrays": ArrayRecord([np.frombuffer(trees, dtype=np.uint8)]),
        "metrics": MetricRecord({"num-examples": 200, "partition": partition}),
    }
    return Message(RecordDict(content), reply_to=message)
