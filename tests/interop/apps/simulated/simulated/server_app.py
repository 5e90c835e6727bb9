"""The ServerApp: asks every node in each round, and writes the answers as JSON."""

import json
import time

from flwr.app import Context, Message, MetricRecord, RecordDict
from flwr.serverapp import Grid, ServerApp

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    config = context.run_config
    # In the first moments some nodes are not there yet.
    while len(nodes := list(grid.get_node_ids())) < config["nodes"]:
        time.sleep(0.1)
    rounds = [ask(grid, nodes) for _ in range(config["num-rounds"])]
    print(f"FINAL after {len(rounds)} rounds with {len(nodes)} nodes")
    if config["result"]:
        with open(config["result"], "w") as file:
            json.dump(rounds, file)


def ask(grid: Grid, nodes) -> list:
    content = RecordDict({"metrics": MetricRecord({"any": 1})})
    messages = [Message(content, dst_node_id=node, message_type="query") for node in nodes]
    answers = [dict(reply.content["metrics"]) for reply in grid.send_and_receive(messages)]
    return sorted(answers, key=lambda answer: answer["partition"])
