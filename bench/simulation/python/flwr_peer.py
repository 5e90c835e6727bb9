"""The work in Flower's own simulation, with Ray and one worker per core: flwr_peer.py ROUNDS COHORT USERS"""
from flwr.app import ArrayRecord, Message, MetricRecord, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import FedAvg

import work

client_app, server_app = ClientApp(), ServerApp()


@client_app.train()
def train(message, context):
    work.torch.set_num_threads(1)
    net = work.network()
    net.load_state_dict(message.content["arrays"].to_torch_state_dict())
    loss = work.train(net, int(context.node_config["partition-id"]))
    metrics = MetricRecord({"loss": loss, "num-examples": work.PER_USER})
    content = RecordDict({"arrays": ArrayRecord(net.state_dict()), "metrics": metrics})
    return Message(content=content, reply_to=message)


class Timed(FedAvg):
    def aggregate_train(self, server_round, replies):
        result = super().aggregate_train(server_round, replies)
        work.round_ended()
        return result


@server_app.main()
def main(grid, context):
    rounds, cohort, users = work.numbers()
    strategy = Timed(fraction_train=cohort / users, fraction_evaluate=0.0, min_available_nodes=users)
    strategy.start(grid=grid, initial_arrays=ArrayRecord(work.network().state_dict()), num_rounds=rounds)


if __name__ == "__main__":
    from flwr.simulation import run_simulation

    run_simulation(
        server_app=server_app, client_app=client_app, num_supernodes=work.numbers()[2],
        backend_config={"client_resources": {"num_cpus": 1, "num_gpus": 0}})
