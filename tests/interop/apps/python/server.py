"""The ServerApp of the interoperation tests.

RESULT: the JSON file to write; ROUNDS: how many (default 3); INITIAL: "given", "large" (a model above gRPC's usual
limit), or "client" to ask a node for the start.
"""

import json
import os

import arithmetic
from flwr.common import ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import ServerApp, ServerConfig
from flwr.server.strategy import FedAvg

ROUNDS = int(os.environ.get("ROUNDS", "3"))


def weighted_mean(results):
    name = next(iter(results[0][1]))
    return {name: sum(n * m[name] for n, m in results) / sum(n for n, _ in results)}


def round_config(server_round):
    return {"round": server_round, "scale": 0.9}


class Recorder(FedAvg):
    """FedAvg that writes what came out when the last round is over."""

    def __init__(self, **options):
        super().__init__(**options)
        self.rounds = []

    def aggregate_fit(self, server_round, results, failures):
        parameters, metrics = super().aggregate_fit(server_round, results, failures)
        self.rounds.append({"round": server_round, "results": len(results), "train": metrics})
        self.weights = arithmetic.shown(parameters_to_ndarrays(parameters))
        return parameters, metrics

    def aggregate_evaluate(self, server_round, results, failures):
        loss, metrics = super().aggregate_evaluate(server_round, results, failures)
        self.rounds[-1].update(loss=loss, evaluate=metrics)
        if server_round == ROUNDS:
            with open(os.environ["RESULT"], "w") as file:
                json.dump({"weights": self.weights, "rounds": self.rounds}, file)
        return loss, metrics


INITIAL = os.environ.get("INITIAL", "given")
given = None if INITIAL == "client" else ndarrays_to_parameters(arithmetic.initial(INITIAL == "large"))
app = ServerApp(
    config=ServerConfig(num_rounds=ROUNDS),
    strategy=Recorder(
        min_available_clients=2,
        initial_parameters=given,
        on_fit_config_fn=round_config,
        on_evaluate_config_fn=round_config,
        fit_metrics_aggregation_fn=weighted_mean,
        evaluate_metrics_aggregation_fn=weighted_mean,
    ),
)
