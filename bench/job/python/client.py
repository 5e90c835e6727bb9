"""The benchmark's ClientApp for Flower 1.9."""

import task
from flwr.client import ClientApp, NumPyClient

net = task.Net()
train_loader, test_loader = task.load_data()


class Client(NumPyClient):
    def get_parameters(self, config):
        return task.get_weights(net)

    def fit(self, parameters, config):
        task.set_weights(net, parameters)
        metrics = task.train(net, train_loader, test_loader)
        return task.get_weights(net), len(train_loader.dataset), metrics


app = ClientApp(client_fn=lambda cid: Client().to_client())
