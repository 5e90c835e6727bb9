"""Writes made.json: what numpy.save makes of every type we hold, of the edges of its padding, and files we refuse.

Run with numpy 1.24 or later: python make.py > made.json
"""
import io
import json

import numpy as np


def save(array, version=None):
    file = io.BytesIO()
    np.lib.format.write_array(file, array, version=version, allow_pickle=True)
    return file.getvalue().hex()


def padded_a_whole_block():
    """The shortest shape whose header would end on the boundary without padding."""
    for rank in range(1, 33):
        for digits in range(1, 6):
            shape = (0,) + (1,) * (rank - 2) + (10 ** (digits - 1),) if rank > 1 else (0,)
            text = "{'descr': '|u1', 'fortran_order': False, 'shape': " + repr(shape) + ", }"
            if (10 + len(text) + 21 - 1 + 1) % 64 == 0:
                return shape
    raise AssertionError("no such shape")


kinds = ["f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"]
cases = []
for kind in kinds:
    info = np.iinfo(kind) if kind[0] in "iu" else np.finfo(kind)
    array = np.array([info.min, 0, info.max], dtype="<" + kind)
    values = [str(v) if kind[0] in "iu" else float(v) for v in array.tolist()]
    cases.append(dict(name=kind, dtype=str(array.dtype), shape=[3], values=values, hex=save(array)))
for name, shape in [("rank_32", (1,) * 32), ("whole_block", padded_a_whole_block()), ("wide_axis", (0, 123456789))]:
    array = np.zeros(shape, "u1")
    cases.append(dict(name=name, dtype="uint8", shape=list(shape), values=["0"] * array.size, hex=save(array)))

other = []
block = np.arange(24, dtype="<i2").reshape(2, 3, 4)
flat = [str(v) for v in block.ravel().tolist()]
for name, array, version in [
    ("version_2", block, (2, 0)),
    ("version_3", block, (3, 0)),
    ("fortran_3d", np.asfortranarray(block), None),
    ("big_endian_fortran", np.asfortranarray(block.astype(">i2")), None),
]:
    other.append(dict(name=name, dtype="int16", shape=[2, 3, 4], values=flat, hex=save(array, version)))

refused = [
    dict(name="object", meaning="Python objects", hex=save(np.array([{}], dtype=object))),
    dict(name="structured", meaning="structured", hex=save(np.zeros(1, [("a", "<f4"), ("b", "<i4")]))),
    dict(name="void", meaning="structured", hex=save(np.zeros(1, "V4"))),
    dict(name="text", meaning="text", hex=save(np.array(["x"]))),
    dict(name="byte_string", meaning="byte strings", hex=save(np.array([b"x"]))),
    dict(name="complex", meaning="complex numbers", hex=save(np.zeros(1, "c8"))),
    dict(name="date", meaning="dates", hex=save(np.zeros(1, "M8[s]"))),
    dict(name="time_span", meaning="time spans", hex=save(np.zeros(1, "m8[s]"))),
    dict(name="long_double", meaning="long double", hex=save(np.zeros(1, np.longdouble))),
]


def archive(write, arrays):
    file = io.BytesIO()
    write(file, **arrays)
    return file.getvalue().hex()


small = {"weight": np.arange(6, dtype="<f4").reshape(2, 3), "b.bias": np.zeros(40, "<i8"), "empty": np.zeros((0, 2), "u1")}
npz = [
    dict(name="savez", hex=archive(np.savez, small)),
    dict(name="savez_compressed", hex=archive(np.savez_compressed, small)),
]
print(json.dumps(dict(same=cases, converted=other, refused=refused, npz=npz), indent=1))
