"""Nodes with Flower's real secaggplus_mod, in one process: instructions come as lines of JSON, replies go as lines.

    python secagg_nodes.py

A line is {"node": "101", "records": {...}}; the records are as in tests/vectors/flwr-1.42/secaggplus.json, and each goes
through its protobuf form. A reply is {"node": ..., "records": {...}} or {"node": ..., "error": "..."}.
"""

import base64
import contextlib
import io
import json
import sys

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.common import ndarrays_to_parameters
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.supercore.task_identity import TaskIdentity

TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1


def to_value(v):
    kind, x = next(iter(v.items()))
    if kind == "bytes":
        return base64.b64decode(x)
    if kind == "list":
        return [to_value(item) for item in x]
    return int(x) if kind == "int" else float(x) if kind == "float" else x


def from_value(v):
    if isinstance(v, bytes):
        return {"bytes": base64.b64encode(v).decode()}
    if isinstance(v, list):
        return {"list": [from_value(item) for item in v]}
    return {"int": str(v)} if isinstance(v, int) else {"float": v} if isinstance(v, float) else {"str": v}


def to_records(records):
    content = RecordDict()
    for name, record in records.items():
        if "arrays" in record:
            arrays = {k: Array(a["dtype"], tuple(a["shape"]), a["stype"], base64.b64decode(a["data"]))
                      for k, a in record["arrays"].items()}
            content[name] = ArrayRecord(arrays)
        elif "metrics" in record:
            content[name] = MetricRecord({k: to_value(v) for k, v in record["metrics"].items()})
        else:
            content[name] = ConfigRecord({k: to_value(v) for k, v in record["config"].items()})
    return recorddict_from_proto(recorddict_to_proto(content))


def from_records(content):
    out = {}
    for name, record in recorddict_from_proto(recorddict_to_proto(content)).items():
        if isinstance(record, ArrayRecord):
            out[name] = {"arrays": {k: {"stype": a.stype, "dtype": a.dtype, "shape": list(a.shape),
                                        "data": base64.b64encode(a.data).decode()} for k, a in record.items()}}
        else:
            out[name] = {"config" if isinstance(record, ConfigRecord) else "metrics": {k: from_value(v) for k, v in record.items()}}
    return out


def train(message, context):
    """Half of what there was, and the node's number modulo 7."""
    arrays = message.content.array_records["fitins.parameters"]
    parameters = ndarrays_to_parameters(
        [np.float32(0.5) * np.load(io.BytesIO(a.data)) + np.float32(context.node_id % 7) for a in arrays.values()])
    content = RecordDict()
    content["fitres.parameters"] = ArrayRecord(
        {str(i): Array("", (), parameters.tensor_type, t) for i, t in enumerate(parameters.tensors)})
    content["fitres.num_examples"] = MetricRecord({"num_examples": context.node_id % 100})
    content["fitres.metrics"] = ConfigRecord({"loss": 0.5})
    content["fitres.status"] = ConfigRecord({"code": 0, "message": ""})
    return Message(content, reply_to=message)


contexts = {}
out = sys.stdout
with contextlib.redirect_stdout(sys.stderr):
    for line in sys.stdin:
        asked = json.loads(line)
        node = int(asked["node"])
        context = contexts.setdefault(node, Context(run_id=1, node_id=node, node_config={}, state=RecordDict(), run_config={}))
        reply = {"node": asked["node"]}
        try:
            message = Message(to_records(asked["records"]), node, "train", group_id="1")
            reply["records"] = from_records(secaggplus_mod(message, context, train).content)
        except Exception as error:  # noqa: BLE001 - a client that raises answers with an error
            reply["error"] = f"{type(error).__name__}: {error}"
        print(json.dumps(reply), file=out, flush=True)
