"""The ServerApp: the strategies one after the other, and what each sent and got in its rounds as JSON."""

import json

import numpy as np
from flwr.app import Array, ArrayRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAdam, QFedAvg

app = ServerApp()
ONE_NODE = {"min_train_nodes": 1, "min_evaluate_nodes": 1, "min_available_nodes": 1}


def noting(strategy):
    """Notes the dtypes of the arrays that are sent and come back, round by round."""
    strategy.sent, strategy.got = [], []
    configure, aggregate = strategy.configure_train, strategy.aggregate_train

    def configure_train(server_round, arrays, config, grid):
        strategy.sent.append(dtypes(arrays))
        return configure(server_round, arrays, config, grid)

    def aggregate_train(server_round, replies):
        replies = list(replies)
        strategy.got.append([dtypes(r.content["arrays"]) for r in replies if r.has_content()])
        return aggregate(server_round, replies)

    strategy.configure_train, strategy.aggregate_train = configure_train, aggregate_train
    return strategy


def dtypes(arrays):
    return sorted({array.numpy().dtype.name for array in arrays.values()})


@app.main()
def main(grid: Grid, context: Context) -> None:
    rounds = context.run_config["num-rounds"]
    report = {}
    for strategy in (FedAdam(**ONE_NODE), QFedAvg(client_learning_rate=0.05, **ONE_NODE)):
        noting(strategy)
        start = {
            "line.weight": Array(np.zeros((1, 2), dtype=np.float32)),
            "line.bias": Array(np.zeros(1, dtype=np.float32)),
        }
        result = strategy.start(grid=grid, initial_arrays=ArrayRecord(start), num_rounds=rounds)
        losses = [metrics["loss"] for metrics in result.evaluate_metrics_clientapp.values()]
        report[type(strategy).__name__] = {
            "sent": strategy.sent,
            "got": strategy.got,
            "losses": losses,
        }
    with open(context.run_config["result"], "w") as file:
        json.dump(report, file)
