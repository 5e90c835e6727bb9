"""The ServerApp: FedAvg of Flower's older API over the nodes that the run's configuration names."""

import json

from flwr.common import EvaluateIns, FitIns, ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import ServerApp, ServerAppComponents, ServerConfig
from flwr.server.strategy import FedAvg

from numpyclient import arithmetic

# Seconds to wait for the nodes.
WAIT_SECONDS = 60


def weighted_mean(results):
    name = next(iter(results[0][1]))
    return {name: sum(n * m[name] for n, m in results) / sum(n for n, _ in results)}


class Recorder(FedAvg):
    """FedAvg over nodes that are named, which keeps what came out."""

    def __init__(self, nodes, rounds, result):
        super().__init__(
            initial_parameters=ndarrays_to_parameters(arithmetic.initial()),
            fit_metrics_aggregation_fn=weighted_mean,
            evaluate_metrics_aggregation_fn=weighted_mean,
        )
        self.nodes, self.last, self.result, self.rounds = nodes, rounds, result, []

    def chosen(self, client_manager):
        client_manager.wait_for(len(self.nodes), WAIT_SECONDS)
        clients = client_manager.all()
        return [clients[node] for node in self.nodes]

    def configure_fit(self, server_round, parameters, client_manager):
        ins = FitIns(parameters, {"round": server_round, "scale": 0.9})
        return [(client, ins) for client in self.chosen(client_manager)]

    def configure_evaluate(self, server_round, parameters, client_manager):
        ins = EvaluateIns(parameters, {"round": server_round, "scale": 0.9})
        return [(client, ins) for client in self.chosen(client_manager)]

    def aggregate_fit(self, server_round, results, failures):
        parameters, metrics = super().aggregate_fit(server_round, results, failures)
        self.rounds.append({"round": server_round, "results": len(results), "train": metrics})
        self.weights = arithmetic.shown(parameters_to_ndarrays(parameters))
        return parameters, metrics

    def aggregate_evaluate(self, server_round, results, failures):
        loss, metrics = super().aggregate_evaluate(server_round, results, failures)
        self.rounds[-1].update(loss=loss, evaluate=metrics)
        if server_round == self.last:
            with open(self.result, "w") as file:
                json.dump({"weights": self.weights, "rounds": self.rounds}, file)
            print(f"FINAL after {self.last} rounds")
        return loss, metrics


def server_fn(context):
    config = context.run_config
    strategy = Recorder(config["nodes"].split(","), config["num-rounds"], config["result"])
    return ServerAppComponents(
        strategy=strategy, config=ServerConfig(num_rounds=config["num-rounds"])
    )


app = ServerApp(server_fn=server_fn)
