"""The ClientApp. The node's configuration says which node this is: `partition-id` is 0, 1, …"""

from flwr.client import ClientApp, NumPyClient

from numpyclient import arithmetic


class Client(NumPyClient):
    def __init__(self, partition):
        self.partition = partition

    def get_parameters(self, config):
        return arithmetic.initial()

    def fit(self, parameters, config):
        trained = arithmetic.train(parameters, config["round"], config["scale"], self.partition)
        return trained, arithmetic.train_examples(self.partition), {"mean": arithmetic.mean(trained)}

    def evaluate(self, parameters, config):
        loss = arithmetic.mean(parameters) + config["round"] * (self.partition + 1)
        return loss, arithmetic.evaluate_examples(self.partition), {"double": 2 * loss}


def client_fn(context):
    return Client(int(context.node_config["partition-id"])).to_client()


app = ClientApp(client_fn=client_fn)
