"""A ClientApp with Flower's clipping mods: its training adds (3, 4) times PARTITION + 1 to the model."""

import os

import numpy as np
from flwr.client import ClientApp, NumPyClient
from flwr.client.mod import adaptiveclipping_mod, fixedclipping_mod

STEP = np.array([3, 4], dtype=np.float32) * (int(os.environ["PARTITION"]) + 1)


class Client(NumPyClient):
    def fit(self, parameters, config):
        return [parameters[0] + STEP], 1, {}


fixed = ClientApp(client_fn=lambda cid: Client().to_client(), mods=[fixedclipping_mod])
adaptive = ClientApp(client_fn=lambda cid: Client().to_client(), mods=[adaptiveclipping_mod])
