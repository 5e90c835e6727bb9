"""The model of the interoperation tests: numbers that come out the same, bit for bit, in numpy and TypeScript.

The twin of apps/typescript/arithmetic.ts. All operations are single IEEE 754 ones in a fixed order.
"""

import numpy as np

# Several ranks, an empty array, a scalar and every kind of number that FedAvg treats in its own way.
LAYERS = [
    ("float32", (3, 4)),
    ("float32", (5,)),
    ("float32", ()),
    ("float32", (0, 3)),
    ("float64", (2, 2)),
    ("int64", (3,)),
]
# More than the 4 MiB that gRPC accepts in a message unless it is told otherwise.
LARGE_LAYER = ("float32", (1_500_000,))


def initial(large=False):
    """The same start for everybody: multiples of 1/64, exact in every type (integers in int64)."""
    arrays = []
    for index, (dtype, shape) in enumerate(LAYERS + [LARGE_LAYER] * large):
        count = int(np.prod(shape))
        numbers = [((i * 37 + index * 11) % 101) for i in range(count)]
        if dtype != "int64":
            numbers = [n / 64 - 0.75 for n in numbers]
        arrays.append(np.array(numbers, dtype=dtype).reshape(shape))
    return arrays


def train(arrays, server_round, scale, partition):
    """One local training: every element times a scale plus a shift, in the element's own type."""
    shift = 0.1 * (partition + 1) * server_round
    return [_trained(np.asarray(a), server_round, scale, shift, partition) for a in arrays]


def _trained(array, server_round, scale, shift, partition):
    if array.dtype == np.float32:
        return np.asarray(array * np.float32(scale) + np.float32(shift), dtype=np.float32)
    if array.dtype == np.float64:
        return np.asarray(array * scale + shift, dtype=np.float64)
    if array.dtype == np.int64:
        return array * 3 + server_round * (partition + 1)
    raise ValueError(f"Unexpected dtype {array.dtype}")


def mean(arrays):
    """The mean of all elements, added one after the other in double precision."""
    total, count = 0.0, 0
    for array in arrays:
        for number in np.asarray(array).ravel().tolist():
            total += number
            count += 1
    return total / count


def train_examples(partition):
    """How much a node's training counts: 0.3 and 0.7 of two nodes, neither exact in binary."""
    return 30 + 40 * partition


def evaluate_examples(partition):
    return 3 + 4 * partition


def shown(arrays):
    """Arrays as JSON can hold them without losing a bit."""
    arrays = [np.asarray(a) for a in arrays]
    return [{"dtype": str(a.dtype), "shape": list(a.shape), "bytes": a.tobytes().hex()} for a in arrays]
