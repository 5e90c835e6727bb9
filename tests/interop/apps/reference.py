"""Runs the quickstart app without any network: reference.py APP_FOLDER RESULT_FILE NODES ROUNDS

Its own ServerApp, with Flower's FedAvg, and its own ClientApp, called by an in-process Grid. What it writes is what a run
with real processes must come to.
"""

import sys

app_folder, result, nodes, rounds = sys.argv[1:]
sys.path.insert(0, app_folder)

from flwr.app import Context, RecordDict  # noqa: E402
from flwr.supercore.task_identity import TaskIdentity  # noqa: E402
from quickstart.client_app import app as client_app  # noqa: E402
from quickstart.server_app import main  # noqa: E402


class InProcessGrid:
    """As much of a Grid as FedAvg uses: nodes are numbered from 1, partitions from 0."""

    def __init__(self, count):
        self.run_config = {"train-seconds": 0}
        self.ids = list(range(1, count + 1))

    def get_node_ids(self):
        return self.ids

    def send_and_receive(self, messages, timeout=None):
        return [self.answer(message) for message in messages]

    def answer(self, message):
        node = message.metadata.dst_node_id
        context = Context(
            run_id=1,
            node_id=node,
            node_config={"partition-id": node - 1},
            state=RecordDict(),
            run_config=self.run_config,
        )
        # what a Grid of the network sets
        message.metadata.__dict__["_message_id"] = str(node)
        return client_app(message, context)


# what Flower's own processes set before they load an app
TaskIdentity.run_id = TaskIdentity.task_id = TaskIdentity.node_id = 1
grid = InProcessGrid(int(nodes))
config = {"num-rounds": int(rounds), "nodes": ",".join(map(str, grid.ids)), "result": result}
state = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=config)
main(grid, state)
