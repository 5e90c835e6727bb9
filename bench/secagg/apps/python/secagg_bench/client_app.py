"""The ClientApp: its training takes no time."""

from flwr.client import ClientApp, NumPyClient
from flwr.client.mod import secaggplus_mod


class Client(NumPyClient):
    def fit(self, parameters, config):
        return parameters, 50, {}


app = ClientApp(client_fn=lambda context: Client().to_client(), mods=[secaggplus_mod])
