"""The ServerApp: FedAvg over the nodes that the run's configuration names, and what came of it as JSON."""

import json

from flwr.app import ArrayRecord, ConfigRecord, Context
from flwr.serverapp import Grid, ServerApp
from flwr.serverapp.strategy import FedAvg

from quickstart import arithmetic

app = ServerApp()


class OrderedFedAvg(FedAvg):
    """FedAvg that tells nodes the round as `round`, and adds up in one order whoever answers first."""

    results = {}

    def configure_train(self, server_round, arrays, config, grid):
        config["round"] = server_round
        return super().configure_train(server_round, arrays, config, grid)

    def configure_evaluate(self, server_round, arrays, config, grid):
        config["round"] = server_round
        return super().configure_evaluate(server_round, arrays, config, grid)

    def aggregate_train(self, server_round, replies):
        replies = ordered(replies)
        self.results[server_round] = len([r for r in replies if r.has_content()])
        return super().aggregate_train(server_round, replies)

    def aggregate_evaluate(self, server_round, replies):
        return super().aggregate_evaluate(server_round, ordered(replies))


def ordered(replies):
    def examples(reply):
        records = reply.content.metric_records.values() if reply.has_content() else []
        return next((metrics["num-examples"] for metrics in records), 0)

    return sorted(replies, key=examples)


@app.main()
def main(grid: Grid, context: Context) -> None:
    nodes = [int(node) for node in context.run_config["nodes"].split(",") if node]
    if nodes:
        grid.get_node_ids = lambda: nodes
    count = len(nodes) or 2
    strategy = OrderedFedAvg(
        min_train_nodes=count, min_evaluate_nodes=count, min_available_nodes=count
    )
    result = strategy.start(
        grid=grid,
        initial_arrays=ArrayRecord(arithmetic.initial()),
        num_rounds=context.run_config["num-rounds"],
        train_config=ConfigRecord({"scale": 0.9}),
        evaluate_config=ConfigRecord({"scale": 0.9}),
    )
    print(f"FINAL after {len(result.train_metrics_clientapp)} rounds")
    if context.run_config["result"]:
        with open(context.run_config["result"], "w") as file:
            json.dump(report(strategy, result), file)


def report(strategy: OrderedFedAvg, result) -> dict:
    rounds = []
    for number, train in result.train_metrics_clientapp.items():
        evaluate = result.evaluate_metrics_clientapp[number]
        rounds.append(
            {
                "round": number,
                "results": strategy.results[number],
                "train": {"mean": train["mean"]},
                "loss": evaluate["loss"],
                "evaluate": {"double": evaluate["double"]},
            }
        )
    return {"weights": arithmetic.shown(result.arrays.to_numpy_ndarrays()), "rounds": rounds}
