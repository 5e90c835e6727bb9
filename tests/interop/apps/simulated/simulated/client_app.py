"""The ClientApp: its partition, and the number of messages so far, which its state keeps."""

import time

from flwr.app import Context, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp

app = ClientApp()


@app.query()
def query(message: Message, context: Context) -> Message:
    time.sleep(context.run_config["seconds"])
    seen = context.state["counter"]["messages"] + 1 if "counter" in context.state else 1
    context.state["counter"] = MetricRecord({"messages": seen})
    partition = int(context.node_config["partition-id"])
    print(f"Asked partition {partition}")
    metrics = {
        "partition": partition,
        "partitions": int(context.node_config["num-partitions"]),
        "messages": seen,
    }
    return Message(RecordDict({"metrics": MetricRecord(metrics)}), reply_to=message)
