"""The ServerApp: Flower's secure aggregation over all nodes."""

import json

from flwr.common import ndarrays_to_parameters, parameters_to_ndarrays
from flwr.server import LegacyContext, ServerApp, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow

from secagg import model

app = ServerApp()


class Recorder(FedAvg):
    """FedAvg that keeps what came out."""

    def __init__(self, nodes):
        super().__init__(
            fraction_evaluate=0.0,
            min_fit_clients=nodes,
            min_available_clients=nodes,
            initial_parameters=ndarrays_to_parameters(model.initial()),
            fit_metrics_aggregation_fn=lambda results: {"loss": sum(m["loss"] for _, m in results) / len(results)},
        )
        self.rounds = []

    def aggregate_fit(self, server_round, results, failures):
        parameters, metrics = super().aggregate_fit(server_round, results, failures)
        weights = [array.reshape(-1).tolist() for array in parameters_to_ndarrays(parameters)]
        self.rounds.append({"results": len(results), "loss": metrics.get("loss"), "weights": weights})
        return parameters, metrics


@app.main()
def main(grid, context):
    config = context.run_config
    strategy = Recorder(config["nodes"])
    legacy = LegacyContext(
        context=context, config=ServerConfig(num_rounds=config["num-rounds"]), strategy=strategy
    )
    secure = SecAggPlusWorkflow(
        num_shares=1.0, reconstruction_threshold=config["threshold"], max_weight=200.0, timeout=60.0
    )
    DefaultWorkflow(fit_workflow=secure)(grid, legacy)
    with open(config["result"], "w") as file:
        json.dump(strategy.rounds, file)
    print("FINAL")
