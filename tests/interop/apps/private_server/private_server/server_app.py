"""Flower's wrappers with client-side clipping, without noise: what the nodes replied, as JSON."""

import json

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import (
    DifferentialPrivacyClientSideAdaptiveClipping,
    DifferentialPrivacyClientSideFixedClipping,
    FedAvg,
)

app = ServerApp()
ONE_NODE = {"min_train_nodes": 1, "min_available_nodes": 1, "fraction_evaluate": 0.0}


class Noting(FedAvg):
    """Notes the replies."""

    def aggregate_train(self, server_round, replies):
        replies = list(replies)
        for reply in replies:
            if reply.has_error():
                self.noted.append(reply.error.reason)
            else:
                arrays, metrics = reply.content["arrays"], reply.content["metrics"]
                self.noted.append([arrays["w"].numpy().tolist(), dict(metrics)])
        return super().aggregate_train(server_round, replies)


@app.main()
def main(grid: Grid, context: Context) -> None:
    report = {}
    for name, norm in (("fixed", 0.5), ("adaptive", 7.0)):
        inner = Noting(**ONE_NODE)
        inner.noted = []
        if name == "fixed":
            strategy = DifferentialPrivacyClientSideFixedClipping(inner, 0.0, norm, 1)
        else:
            strategy = DifferentialPrivacyClientSideAdaptiveClipping(
                inner, 0.0, 1, initial_clipping_norm=norm
            )
        arrays = ArrayRecord({"w": Array(np.array([1, 2], dtype=np.float32))})
        result = strategy.start(
            grid=grid,
            initial_arrays=arrays,
            num_rounds=2,
            train_config=ConfigRecord({"adaptive": name == "adaptive"}),
        )
        report[name] = {
            "replies": inner.noted,
            "w": result.arrays["w"].numpy().tolist(),
            "norm": strategy.clipping_norm,
        }
    with open(context.run_config["result"], "w") as file:
        json.dump(report, file)
