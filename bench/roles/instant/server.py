"""Federated averaging for Flower 1.9. ROUNDS and NODES: how many."""

import os

from flwr.server import ServerApp, ServerConfig
from flwr.server.strategy import FedAvg

NODES = int(os.environ["NODES"])

app = ServerApp(
    config=ServerConfig(num_rounds=int(os.environ["ROUNDS"])),
    strategy=FedAvg(
        fraction_fit=1.0,
        fraction_evaluate=0.0,
        min_fit_clients=NODES,
        min_available_clients=NODES,
        fit_metrics_aggregation_fn=lambda results: results[0][1],
    ),
)
