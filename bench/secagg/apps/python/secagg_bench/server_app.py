"""The ServerApp: rounds of secure aggregation, timed from the first message to the new model."""

import json
import time

import numpy as np
from flwr.common import ndarrays_to_parameters
from flwr.server import LegacyContext, ServerApp, ServerConfig
from flwr.server.strategy import FedAvg
from flwr.server.workflow import DefaultWorkflow, SecAggPlusWorkflow

app = ServerApp()


class Timed(FedAvg):
    seconds = ()

    def configure_fit(self, *args):
        chosen = super().configure_fit(*args)
        self.start = time.perf_counter()
        return chosen

    def aggregate_fit(self, *args):
        result = super().aggregate_fit(*args)
        self.seconds += (time.perf_counter() - self.start,)
        return result


@app.main()
def main(grid, context):
    nodes, elements, rounds = (context.run_config[key] for key in ("nodes", "elements", "num-rounds"))
    strategy = Timed(
        fraction_evaluate=0.0,
        min_fit_clients=nodes,
        min_available_clients=nodes,
        initial_parameters=ndarrays_to_parameters([np.zeros(elements, dtype=np.float32)]),
    )
    legacy = LegacyContext(context=context, config=ServerConfig(num_rounds=rounds), strategy=strategy)
    secure = SecAggPlusWorkflow(num_shares=1.0, reconstruction_threshold=2 / 3, max_weight=100.0)
    DefaultWorkflow(fit_workflow=secure)(grid, legacy)
    print(f"SECONDS {json.dumps(strategy.seconds)}", flush=True)
