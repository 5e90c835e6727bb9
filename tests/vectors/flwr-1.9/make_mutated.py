"""Makes mutated.jsonl: messages in encodings that Python does not write itself, and what Flower 1.9's own protobuf
makes of them deterministically. Usage, with flwr==1.9.0: python make_mutated.py > mutated.jsonl"""

import json
import random

from flwr.proto import fleet_pb2, node_pb2, recordset_pb2, task_pb2

rnd = random.Random(19)
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5


def varint(n, padding=0):
    out = bytearray()
    while n >= 0x80:
        out.append(n & 0x7F | 0x80)
        n >>= 7
    out.append(n)
    for _ in range(min(padding, 10 - len(out))):
        out[-1] |= 0x80
        out.append(0)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return value, at


def fields(data):
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        if tag & 7 == VARINT:
            value, at = read_varint(data, at)
        else:
            size = {FIXED64: 8, FIXED32: 4}.get(tag & 7)
            if size is None:
                size, at = read_varint(data, at)
            value, at = data[at : at + size], at + size
        yield tag >> 3, tag & 7, value


def write(number, kind, value, padding=0):
    tag = varint(number << 3 | kind, padding)
    if kind == VARINT:
        return tag + varint(value, padding)
    return tag + (varint(len(value), padding) if kind == BYTES else b"") + value


def mutate(data, desc):
    """Drops, repeats, widens, retypes and shuffles fields, and strews unknown ones between them.

    Map entries get no unknown fields: Python then keeps the maps inside them in an order that is not deterministic.
    """
    is_entry = desc.GetOptions().map_entry
    out = []
    for number, kind, value in fields(data):
        inner = desc.fields_by_number[number].message_type
        if inner is not None and rnd.random() < 0.8:
            value = mutate(value, inner)
        dice = rnd.random()
        if dice < 0.05:
            continue
        if dice < 0.10:
            out.append(write(number, kind, value))
        if dice > 0.97 and not is_entry:
            kind = rnd.choice([VARINT, FIXED64, FIXED32])
            value = {VARINT: rnd.choice([0, 1, 2**31, 2**64 - 1]), FIXED64: bytes(8), FIXED32: b"\0\1\0\0"}[kind]
        out.append(write(number, kind, value, padding=rnd.randrange(3) if dice > 0.85 else 0))
        if dice < 0.15 and not is_entry:
            out.append(rnd.choice([b"\x9a\x06\x01A", b"\xf8\x07\x05", b"\xa3\x06\x08\x01\xa4\x06"]))
    if rnd.random() < 0.4:
        rnd.shuffle(out)
    return b"".join(out)


def message():
    text = lambda: rnd.choice(["", "a", "ab", "acc", "acc_top5", "accuracy", "é", "Z"])
    number = lambda: rnd.choice([0, 1, -1, 2**63 - 1, -(2**63), rnd.getrandbits(40)])
    real = lambda: rnd.choice([0.0, -0.0, 1.5, float("inf")])
    config = recordset_pb2.ConfigsRecordValue
    value = lambda: rnd.choice([
        config(double=real()), config(sint64=number()), config(bool=rnd.random() < 0.5), config(string=text()), config(),
        config(sint64_list=recordset_pb2.Sint64List(vals=[number(), number()])),
        config(bool_list=recordset_pb2.BoolList(vals=[True, False])),
    ])
    arrays = recordset_pb2.ParametersRecord(
        data_keys=[text()], data_values=[recordset_pb2.Array(shape=[-1, 300], stype="numpy.ndarray", data=b"\0\0")]
    )
    task = task_pb2.Task(
        producer=node_pb2.Node(node_id=number(), anonymous=rnd.random() < 0.5), created_at=real(), ttl=real(),
        ancestry=[text()], task_type=text(), recordset=recordset_pb2.RecordSet(
            parameters={text(): arrays} if rnd.random() < 0.5 else {},
            configs={text(): recordset_pb2.ConfigsRecord(data={text(): value() for _ in range(3)})},
        ),
    )
    return rnd.choice([
        task,
        fleet_pb2.PushTaskResRequest(task_res_list=[task_pb2.TaskRes(run_id=number(), task=task)]),
        fleet_pb2.PushTaskResResponse(results={text(): rnd.choice([0, 1, 2**32 - 1]) for _ in range(3)}),
        fleet_pb2.PingRequest(node=node_pb2.Node(node_id=number()), ping_interval=real()),
    ])


for _ in range(300):
    original = message()
    wire = mutate(original.SerializeToString(), original.DESCRIPTOR)
    canonical = type(original).FromString(wire).SerializeToString(deterministic=True).hex()
    print(json.dumps({"message": original.DESCRIPTOR.name, "wire": wire.hex(), "canonical": canonical}))
