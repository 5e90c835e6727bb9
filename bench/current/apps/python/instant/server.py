"""Federated averaging over two nodes, `num-rounds` times, with a model of 100 x 10 and 10 numbers."""

import numpy as np
from flwr.app import ArrayRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

NODES = 2

app = ServerApp()


@app.main()
def main(grid: Grid, context: Context) -> None:
    strategy = FedAvg(min_train_nodes=NODES, min_evaluate_nodes=NODES, min_available_nodes=NODES)
    initial = [np.zeros((100, 10), np.float32), np.zeros(10, np.float32)]
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord(initial),
        num_rounds=context.run_config["num-rounds"],
    )
    print(f"The first number is {result.arrays.to_numpy_ndarrays()[0][0, 0]}")
