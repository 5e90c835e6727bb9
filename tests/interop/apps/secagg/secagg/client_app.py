"""The ClientApp. With `drop-stage` in the node's configuration it fails in that stage of each round."""

from flwr.client import ClientApp, NumPyClient
from flwr.client.mod import secaggplus_mod

from secagg import model


class Client(NumPyClient):
    def __init__(self, partition):
        self.partition = partition

    def fit(self, parameters, config):
        return model.trained(parameters, self.partition), model.examples(self.partition), {"loss": 0.5}


def client_fn(context):
    return Client(int(context.node_config["partition-id"])).to_client()


def drop_mod(message, context, call_next):
    configs = message.content.config_records.get("secaggplus_configs", {})
    if configs.get("stage") == context.node_config.get("drop-stage", ""):
        raise RuntimeError("dropped")
    return call_next(message, context)


app = ClientApp(client_fn=client_fn, mods=[drop_mod, secaggplus_mod])
