"""Replays the cases of differential privacy in strategies.json with the real flwr, and says which it gives again.

    python make_privacy.py

Needs flwr 1.42 and numpy. numpy.random.normal is replaced by loc + scale * z with the z of the recording.
"""

import json
from pathlib import Path

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.clientapp.mod import LocalDpMod, adaptiveclipping_mod, fixedclipping_mod
from flwr.serverapp import strategy as strategies
from flwr.supercore.task_identity import TaskIdentity

TaskIdentity.run_id = TaskIdentity.node_id = TaskIdentity.task_id = 1
FILE = json.loads(Path(__file__).with_name("strategies.json").read_text())


def arrays_of(model):
    def one(a):
        return np.array(a["data"], dtype=np.float64 if "float" in a["dtype"] else np.int64)

    return ArrayRecord({k: Array(one(a).astype(a["dtype"]).reshape(a["shape"])) for k, a in model.items()})


def values_of(values, kind):
    return kind({k: v["int"] if "int" in v else float(v["float"]) for k, v in values.items()})


def same(arrays, expected):
    for name, a in expected.items():
        if not np.allclose(arrays[name].numpy(), np.array(a["data"], float).reshape(a["shape"]), 1e-6, 1e-6, True):
            return False
    return True


def use(draws):
    """Makes numpy.random.normal give the recorded numbers."""
    rest = list(draws)

    def normal(loc=0.0, scale=1.0, size=None):
        z = np.array(rest.pop(0)["z"])
        return loc + scale * (z[0] if size is None else z.reshape(size))

    np.random.normal = normal


def reply_of(reply, node):
    content = RecordDict({"arrays": arrays_of(reply["arrays"]), "metrics": values_of(reply["metrics"], MetricRecord)})
    to = Message(RecordDict(), dst_node_id=node, message_type="train")
    return Message(content, reply_to=to)


def replay_strategy(case):
    inner = getattr(strategies, case["wraps"]["strategy"])(**case["wraps"]["options"])
    wrapper = getattr(strategies, case["strategy"])(inner, **case["options"])
    for r in case["rounds"]:
        if "numpy_seed" in case or any("arrays" not in x for x in r["replies"]):
            return None
        use(r.get("normal_draws", []))
        sent = arrays_of(r["sent"])
        inner.current_arrays = wrapper.current_arrays = sent
        try:
            config = ConfigRecord()
            nodes = [x["node_id"] for x in r["replies"]]
            grid = type("Grid", (), {"get_node_ids": lambda self: nodes})()
            list(wrapper.configure_train(r["server_round"], sent, config, grid))
            arrays, _ = wrapper.aggregate_train(r["server_round"], [reply_of(x, x["node_id"]) for x in r["replies"]])
        except Exception as error:  # pylint: disable=broad-except
            return type(error).__name__.endswith(r.get("raises", "?"))
        if not same(arrays, r["arrays"]):
            return False
    return True


def replay_mod(case):
    options = case["options"]
    mod = {"fixedclipping_mod": fixedclipping_mod, "adaptiveclipping_mod": adaptiveclipping_mod}.get(case["mod"])
    mod = mod or LocalDpMod(**options)
    use(case.get("normal_draws", []))
    content = RecordDict({"arrays": arrays_of(case["sent"]), "config": values_of(case["config"], ConfigRecord)})
    message = Message(content, dst_node_id=5, message_type="train")
    reply = {"arrays": case["reply"], "metrics": case["reply_metrics"]}
    try:
        out = mod(message, None, lambda m, _: reply_of(reply, 5))
    except Exception as error:  # pylint: disable=broad-except
        return type(error).__name__.endswith(case.get("raises", "?"))
    if out.has_error():
        return out.error.code == case.get("error_code")
    return same(out.content["arrays"], case["arrays"])


for case in FILE["cases"]:
    if case["strategy"].startswith("DifferentialPrivacy"):
        print(replay_strategy(case), case["name"])
for case in FILE["mods"]:
    print(replay_mod(case), case["name"])
