"""Records rounds of SecAgg+ between flwr's SecAggPlusWorkflow and its secaggplus_mod, with all that they draw by chance.

Run with flwr 1.42.0 (numpy 2.4.6):  python make_secaggplus.py > secaggplus.json

Keys, seeds, initialisation vectors and Shamir's coefficients are SHA-256 of a name and a counter. Shamir's threads take
coefficients in any order, so shares differ from run to run. The recorded file has further rounds, without messages.
"""

import base64
import contextlib
import hashlib
import importlib
import io
import json
import logging
import random
from unittest import mock

import flwr
import numpy as np
from cryptography.hazmat.primitives.asymmetric import ec
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Error, Message, MetricRecord, RecordDict
from flwr.client.mod import secaggplus_mod
from flwr.common import ndarrays_to_parameters
from flwr.common.serde import recorddict_from_proto, recorddict_to_proto
from flwr.server import LegacyContext, ServerConfig, SimpleClientManager
from flwr.server.client_proxy import ClientProxy
from flwr.server.strategy import FedAvg
from flwr.server.workflow import SecAggPlusWorkflow
from flwr.serverapp import Grid
from flwr.supercore.task_identity import TaskIdentity

TaskIdentity.run_id, TaskIdentity.task_id, TaskIdentity.node_id = 1, 1, 1
logging.getLogger("flwr").setLevel(logging.CRITICAL)
MOD = importlib.import_module("flwr.client.mod.secure_aggregation.secaggplus_mod")
FLOW = importlib.import_module("flwr.server.workflow.secure_aggregation.secaggplus_workflow")
SHAMIR = importlib.import_module("Crypto.Protocol.SecretSharing")
FERNET = importlib.import_module("cryptography.fernet")


def b64(data):
    return base64.b64encode(bytes(data)).decode()


def draws(name):
    """Gives bytes that are the same every time."""
    counter = iter(range(10**9))

    def draw(count):
        out = b""
        while len(out) < count:
            out += hashlib.sha256(f"{name} {next(counter)}".encode()).digest()
        return out[:count]

    return draw


def value(v):
    if isinstance(v, list):
        return {"list": [value(x) for x in v]}
    kinds = {bytes: "bytes", int: "int", float: "float", str: "str"}
    return {kinds[type(v)]: b64(v) if isinstance(v, bytes) else str(v) if isinstance(v, int) else v}


def shown(content):
    out = {}
    for name, record in content.items():
        if isinstance(record, ArrayRecord):
            fields = {k: {"stype": a.stype, "dtype": a.dtype, "shape": list(a.shape), "data": b64(a.data)} for k, a in record.items()}
            out[name] = {"arrays": fields}
        else:
            kind = "config" if isinstance(record, ConfigRecord) else "metrics"
            out[name] = {kind: {k: value(v) for k, v in record.items()}}
    return out


def lists(arrays, kind):
    return [{"shape": list(np.shape(a)), "data": [kind(x) for x in np.reshape(a, -1)]} for a in arrays]


def floats(arrays):
    return [{"dtype": str(a.dtype)} | entry for a, entry in zip(arrays, lists(arrays, float))]


def record_of(arrays):
    parameters = ndarrays_to_parameters(arrays)
    return ArrayRecord({str(i): Array("", (), parameters.tensor_type, t) for i, t in enumerate(parameters.tensors)})


class Proxy(ClientProxy):
    def __init__(self, node_id):
        super().__init__(str(node_id))
        self.node_id = node_id

    get_properties = get_parameters = fit = evaluate = reconnect = None


Proxy.__abstractmethods__ = frozenset()


class World(Grid):
    """Nodes with the real mod. Each message goes through its protobuf form."""

    def __init__(self, models, drops):
        self.models, self.drops, self.log, self.node = models, drops, [], None
        self.contexts = {n: Context(run_id=1, node_id=n, node_config={}, state=RecordDict(), run_config={}) for n in models}

    run = set_run = create_message = push_messages = pull_messages = None

    def get_node_ids(self):
        return list(self.models)

    def app(self, message, context):
        arrays, examples = self.models[context.node_id]
        content = RecordDict({
            "fitres.metrics": ConfigRecord({"loss": 0.5}),
            "fitres.num_examples": MetricRecord({"num_examples": examples}),
            "fitres.parameters": record_of(arrays),
            "fitres.status": ConfigRecord({"code": 0, "message": ""}),
        })
        return Message(content, reply_to=message)

    def send_and_receive(self, messages, *, timeout=None):
        replies = []
        for message in sorted(messages, key=lambda m: m.metadata.dst_node_id):
            self.node, wire = message.metadata.dst_node_id, recorddict_to_proto(message.content)
            stage = message.content.config_records["secaggplus_configs"]["stage"]
            entry = {"stage": stage, "node": str(self.node), "message_type": "train", "group_id": message.metadata.group_id}
            entry["instruction"] = shown(recorddict_from_proto(wire))
            self.log.append(entry)
            if self.drops.get(self.node) == stage:
                entry["reply"] = "none: the node drops out here"
                replies.append(Message(Error(code=0, reason="dropped"), reply_to=message))
                continue
            got = Message(recorddict_from_proto(wire), self.node, "train", group_id=message.metadata.group_id)
            back = recorddict_to_proto(secaggplus_mod(got, self.contexts[self.node], self.app).content)
            entry["reply"] = shown(recorddict_from_proto(back))
            replies.append(Message(recorddict_from_proto(back), reply_to=message))
        return replies


def exchange(name, models, options, drops):
    world, secrets, masks, keys = World(models, drops), {}, [], draws(name + " keys")
    real_quantize, real_prg, real_shares = MOD.quantize, MOD.pseudo_rand_gen, MOD.create_shares

    def key_pair():
        private = ec.derive_private_key(int.from_bytes(keys(40), "big"), ec.SECP384R1())
        return private, private.public_key()

    def quantize(parameters, *rest):
        out = real_quantize(parameters, *rest)
        secrets[str(world.node)] |= {"scaled": [[float(x) for x in p.reshape(-1)] for p in parameters], "quantized": lists(out, int)}
        return out

    def prg(who):
        def call(seed, num_range, dimensions):
            out = real_prg(seed, num_range, dimensions)
            shapes = [list(d) for d in dimensions]
            masks.append({"by": who or str(world.node), "seed": b64(seed), "shapes": shapes, "mask": lists(out, int)})
            return out
        return call

    def shares(secret, threshold, num):
        out = real_shares(secret, threshold, num)
        made = {"secret": b64(secret), "threshold": threshold, "num": num, "shares": [b64(s) for s in out]}
        secrets.setdefault(str(world.node), {}).setdefault("shares", []).append(made)
        return out

    np.random.seed(99)
    random.seed(99)
    manager = SimpleClientManager()
    for node in models:
        manager.register(Proxy(node))
    strategy = FedAvg(min_fit_clients=len(models), min_available_clients=len(models), fraction_fit=1.0)
    context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config={})
    context = LegacyContext(context, ServerConfig(num_rounds=1), strategy, manager)
    context.state["config"] = ConfigRecord({"current_round": 1})
    context.state["parameters"] = record_of([np.zeros_like(a) for a in next(iter(models.values()))[0]])
    fakes = [
        (MOD, "generate_key_pairs", key_pair), (MOD.os, "urandom", draws(name)), (MOD, "quantize", quantize),
        (MOD, "create_shares", shares), (MOD, "pseudo_rand_gen", prg(None)), (FLOW, "pseudo_rand_gen", prg("server")),
        (SHAMIR, "rng", draws(name + " shamir")), (FERNET.time, "time", lambda: 1750000000.0),
    ]  # fmt: skip
    with contextlib.ExitStack() as stack:
        stack.enter_context(contextlib.redirect_stderr(io.StringIO()))
        for module, attribute, fake in fakes:
            stack.enter_context(mock.patch.object(module, attribute, fake))
        SecAggPlusWorkflow(**options)(world, context)
    for node, of_node in world.contexts.items():
        state = of_node.state.config_records["secaggplus_state"]
        secrets[str(node)] |= {k: b64(state[k]) for k in ("sk1", "sk2", "rd_seed")}
        pairs = zip(state["ss2_dict:K"], state["ss2_dict:V"])
        secrets[str(node)]["ss2"] = {str(k): b64(v) for k, v in pairs}
    made = context.state.array_records["parameters"]
    return {
        "name": name, "options": options, "drops": {str(k): v for k, v in drops.items()},
        "models": {str(n): {"num_examples": e, "arrays": floats(m)} for n, (m, e) in models.items()},
        "result": floats([made[k].numpy() for k in made]),
        "messages": world.log, "secrets": secrets, "masks": masks,
    }  # fmt: skip


def models(seed, weights):
    r = np.random.default_rng(seed)
    draw = lambda *shape: r.standard_normal(shape).astype(np.float32)  # noqa: E731
    return {n: ([draw(2, 2), draw(3)], w) for n, w in weights.items()}


exchanges = [
    exchange("three nodes, all share with all", models(1, {11: 5, 222: 10, 2**63 + 12345: 7}),
             dict(num_shares=1.0, reconstruction_threshold=2 / 3, max_weight=100.0), {}),
    exchange("five nodes in a ring of three, one drops out before its masked vector",
             models(2, {101: 5, 102: 10, 103: 7, 104: 20, 105: 1}),
             dict(num_shares=3, reconstruction_threshold=2, max_weight=20.0, clipping_range=3.0, quantization_range=65536,
                  modulus_range=2**24), {103: "collect_masked_vectors"}),
]
text = json.dumps({"flwr": flwr.__version__, "numpy": np.__version__, "exchanges": exchanges}, separators=(",", ":"))
# Each message and each mask has a line: the tests read the order of keys from it.
print(text.replace('{"stage":', '\n{"stage":').replace('{"by":', '\n{"by":'))
