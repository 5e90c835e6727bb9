"""The benchmark's ServerApp for Flower 1.9. ROUNDS and NODES: how many. Prints `metrics {…}` after each round."""

import json
import os

from flwr.server import ServerApp, ServerConfig
from flwr.server.strategy import FedAvg

NODES = int(os.environ["NODES"])


def weighted_mean(results):
    examples = sum(count for count, _ in results)
    names = results[0][1].keys()
    means = {name: sum(count * metrics[name] for count, metrics in results) / examples for name in names}
    print("metrics", json.dumps(means), flush=True)
    return means


app = ServerApp(
    config=ServerConfig(num_rounds=int(os.environ["ROUNDS"])),
    strategy=FedAvg(
        fraction_fit=1.0,
        fraction_evaluate=0.0,
        min_fit_clients=NODES,
        min_available_clients=NODES,
        fit_metrics_aggregation_fn=weighted_mean,
    ),
)
