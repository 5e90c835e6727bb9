"""The ClientApp. The node's configuration says which node this is: `partition-id` is 0, 1, …"""

import time

try:
    from flwr.app import ArrayRecord, Context, Message, MetricRecord, RecordDict
    from flwr.clientapp import ClientApp
except ImportError:  # Flower up to 1.20
    from flwr.client import ClientApp
    from flwr.common import ArrayRecord, Context, Message, MetricRecord, RecordDict

from quickstart import arithmetic

app = ClientApp()


def read(message: Message, context: Context):
    arrays = message.content["arrays"].to_numpy_ndarrays()
    return arrays, message.content["config"], int(context.node_config["partition-id"])


@app.train()
def train(message: Message, context: Context) -> Message:
    arrays, config, partition = read(message, context)
    time.sleep(context.run_config["train-seconds"])
    trained = arithmetic.train(arrays, config["round"], config["scale"], partition)
    print(f"Trained partition {partition}")
    metrics = {"num-examples": arithmetic.train_examples(partition), "mean": arithmetic.mean(trained)}
    content = {"arrays": ArrayRecord(trained), "metrics": MetricRecord(metrics)}
    return Message(RecordDict(content), reply_to=message)


@app.evaluate()
def evaluate(message: Message, context: Context) -> Message:
    arrays, config, partition = read(message, context)
    loss = arithmetic.mean(arrays) + config["round"] * (partition + 1)
    metrics = {"num-examples": arithmetic.evaluate_examples(partition), "loss": loss, "double": 2 * loss}
    return Message(RecordDict({"metrics": MetricRecord(metrics)}), reply_to=message)
