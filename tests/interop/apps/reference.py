"""Runs the quickstart app without any network: reference.py APP_FOLDER RESULT_FOLDER ROUNDS PARTITIONS ...

Its own ServerApp, with Flower's FedAvg, and its own ClientApp, called by an in-process Grid. What it writes is what a run
with real processes must come to.
"""

import sys

app_folder, results, rounds, *selections = sys.argv[1:]
sys.path.insert(0, app_folder)

from flwr.app import Context, RecordDict  # noqa: E402
from flwr.supercore.task_identity import TaskIdentity  # noqa: E402
from quickstart.client_app import app as client_app  # noqa: E402
from quickstart.server_app import main  # noqa: E402


class InProcessGrid:
    """As much of a Grid as FedAvg uses: the node with partition 0 has id 1, and so on."""

    def __init__(self, partitions):
        self.run_config = {"train-seconds": 0}
        self.ids = [partition + 1 for partition in partitions]

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
for selection in selections:
    grid = InProcessGrid([int(partition) for partition in selection.split(",")])
    nodes = ",".join(map(str, grid.ids))
    config = {"num-rounds": int(rounds), "nodes": nodes, "result": f"{results}/{selection}.json"}
    main(grid, Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=config))
