"""The ClientApp of the interoperation tests. PARTITION says which node this is: 0 or 1."""

import os

import arithmetic
from flwr.client import ClientApp, NumPyClient

PARTITION = int(os.environ["PARTITION"])


class Client(NumPyClient):
    def get_parameters(self, config):
        return arithmetic.initial()

    def fit(self, parameters, config):
        trained = arithmetic.train(parameters, int(config["round"]), config["scale"], PARTITION)
        return trained, arithmetic.train_examples(PARTITION), {"mean": arithmetic.mean(trained)}

    def evaluate(self, parameters, config):
        loss = arithmetic.mean(parameters) + int(config["round"]) * (PARTITION + 1)
        return loss, arithmetic.evaluate_examples(PARTITION), {"double": 2 * loss}


app = ClientApp(client_fn=lambda cid: Client().to_client())
