"""Records what Flower's own strategies make of the replies in strategies.json, and writes the outcomes into it.

Run with flwr 1.42.0 (numpy 2.4.6):  python make_strategies.py
The inputs stay as they are. Cases with noise (differential privacy, client mods) and XGBoost's are not touched.
"""

import json
import logging
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Error, Message, MetricRecord, RecordDict
from flwr.serverapp import strategy
from flwr.supercore.task_identity import TaskIdentity

TaskIdentity.run_id = TaskIdentity.node_id = TaskIdentity.task_id = 1
logging.getLogger("flwr").setLevel(logging.CRITICAL)
FILE = Path(__file__).with_name("strategies.json")


class Grid:
    def __init__(self, nodes):
        self.nodes = nodes

    def get_node_ids(self):
        return self.nodes


def read(arrays):
    """Numbers are decimal doubles equal to the elements; NaN, infinities and large integers are strings."""
    def array(a):
        whole = a["dtype"].startswith(("int", "uint"))
        data = [(int if whole else float)(x) if isinstance(x, str) else x for x in a["data"]]
        return np.array(data, dtype=a["dtype"]).reshape(a["shape"])
    return ArrayRecord({name: Array(array(a)) for name, a in arrays.items()})


def write(arrays):
    def number(x):
        if isinstance(x, (bool, int)):
            return x if abs(x) <= 2**53 else str(x)
        return x if np.isfinite(x) else {np.inf: "Infinity", -np.inf: "-Infinity"}.get(x, "NaN")
    return {
        name: {"dtype": str(a.dtype), "shape": list(a.shape), "data": [number(x) for x in a.reshape(-1).tolist()]}
        for name, a in ((name, array.numpy()) for name, array in arrays.items())
    }


def typed(record):
    def value(v):
        if isinstance(v, list):
            return {"floats" if any(isinstance(x, float) for x in v) else "ints": v}
        return {"int": v} if isinstance(v, int) else {"float": v}
    return {name: value(v) for name, v in record.items()}


def replay(case):
    tested = getattr(strategy, case["strategy"])(**case["options"])
    arrays = read(case["initial"])
    config = ConfigRecord()
    for entry in case["rounds"]:
        number, replies = entry["server_round"], entry["replies"]
        for name in ("arrays", "metrics", "raises"):
            entry.pop(name, None)
        entry["sent"] = write(arrays)
        try:
            grid = Grid([reply["node_id"] for reply in replies])
            sent = {m.metadata.dst_node_id: m for m in tested.configure_train(number, arrays, config, grid)}
            entry["sent_config"] = typed(config)
            answers = []
            for reply in replies:
                to = sent[reply["node_id"]]
                if reply.get("error"):
                    answers.append(Message(Error(code=2, reason="client failed"), reply_to=to))
                    continue
                metrics = MetricRecord({k: next(iter(v.values())) for k, v in reply["metrics"].items()})
                answers.append(Message(RecordDict({"arrays": read(reply["arrays"]), "metrics": metrics}), reply_to=to))
            new, metrics = tested.aggregate_train(number, answers)
            entry["arrays"] = None if new is None else write(new)
            entry["metrics"] = None if metrics is None else typed(metrics)
            arrays = arrays if new is None else new
        except Exception as error:  # what Flower raises is a fact to record
            entry["raises"] = type(error).__name__
            break


recorded = json.loads(FILE.read_text())
for case in recorded["cases"]:
    if "wraps" not in case:
        replay(case)
FILE.write_text(json.dumps(recorded) + "\n")
