"""A round of Flower's SecAgg+ in one process: SecAggPlusWorkflow and nodes with secaggplus_mod, without a wire.

    python python_round.py NODES ELEMENTS ROUNDS

Prints the processor seconds of each round as JSON, protocol and averaging, without training. Messages are handed over as they are.
"""

import json
import logging
import sys
import time

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.common import ndarrays_to_parameters
from flwr.server import LegacyContext, ServerConfig, SimpleClientManager
from flwr.server.client_proxy import ClientProxy
from flwr.server.strategy import FedAvg
from flwr.server.workflow import SecAggPlusWorkflow
from flwr.serverapp import Grid
from flwr.supercore.task_identity import TaskIdentity

TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
logging.getLogger("flwr").setLevel(logging.CRITICAL)
nodes, elements, rounds = map(int, sys.argv[1:4])


class Proxy(ClientProxy):
    def __init__(self, node_id):
        super().__init__(str(node_id))
        self.node_id = node_id

    get_properties = get_parameters = fit = evaluate = reconnect = None


Proxy.__abstractmethods__ = frozenset()
parameters = ndarrays_to_parameters([np.sin(np.arange(elements, dtype=np.float32))])


def record():
    return ArrayRecord({str(i): Array("", (), parameters.tensor_type, t) for i, t in enumerate(parameters.tensors)})


class Local(Grid):
    def __init__(self):
        self.contexts = {n: Context(run_id=1, node_id=n, node_config={}, state=RecordDict(), run_config={}) for n in range(101, 101 + nodes)}

    run = None

    def set_run(self, run): ...
    def create_message(self, *args, **kwargs): ...
    def get_node_ids(self): return list(self.contexts)
    def push_messages(self, messages): ...
    def pull_messages(self, message_ids): ...

    def app(self, message, context):
        content = RecordDict({
            "fitres.metrics": ConfigRecord({"loss": 0.5}),
            "fitres.num_examples": MetricRecord({"num_examples": 50}),
            "fitres.parameters": record(),
            "fitres.status": ConfigRecord({"code": 0, "message": ""}),
        })
        return Message(content, reply_to=message)

    def send_and_receive(self, messages, *, timeout=None):
        replies = []
        for message in messages:
            node = message.metadata.dst_node_id
            # Each node has records of its own: the mod takes "stage" out of them.
            content = RecordDict()
            for name, one in message.content.items():
                content[name] = ConfigRecord(dict(one)) if isinstance(one, ConfigRecord) else one
            own = Message(content, node, "train", group_id="1")
            replies.append(Message(secaggplus_mod(own, self.contexts[node], self.app).content, reply_to=message))
        return replies


seconds = []
grid = Local()
manager = SimpleClientManager()
for n in grid.contexts:
    manager.register(Proxy(n))
strategy = FedAvg(min_fit_clients=nodes, min_available_clients=nodes, fraction_fit=1.0)
for number in range(rounds):
    context = LegacyContext(Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config={}), ServerConfig(num_rounds=1), strategy, manager)
    context.state.config_records["config"] = ConfigRecord({"current_round": 1})
    context.state.array_records["parameters"] = before = record()
    start = time.process_time()
    SecAggPlusWorkflow(num_shares=1.0, reconstruction_threshold=2 / 3, max_weight=100.0)(grid, context)
    seconds.append(time.process_time() - start)
    assert context.state.array_records["parameters"] is not before, "the round has a model"
print(json.dumps(seconds))
