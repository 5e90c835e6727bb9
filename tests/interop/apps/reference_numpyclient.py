"""Runs the NumPyClient app without any network: reference_numpyclient.py APP_FOLDER RESULT_FILE ROUNDS PARTITIONS

Its own strategy and clients, called one after the other. What it writes is what a run with real processes must come to.
"""

import sys

app_folder, result, rounds, partitions = sys.argv[1:]
sys.path.insert(0, app_folder)

from flwr.common import (  # noqa: E402
    Code,
    EvaluateRes,
    FitRes,
    Status,
    ndarrays_to_parameters,
    parameters_to_ndarrays,
)
from numpyclient.client_app import Client  # noqa: E402
from numpyclient.server_app import Recorder  # noqa: E402

OK = Status(Code.OK, "")
clients = [Client(int(partition)) for partition in partitions.split(",")]
strategy = Recorder([], int(rounds), result)
parameters = strategy.initial_parameters
for number in range(1, int(rounds) + 1):
    config = {"round": number, "scale": 0.9}
    fits = [client.fit(parameters_to_ndarrays(parameters), config) for client in clients]
    results = [(None, FitRes(OK, ndarrays_to_parameters(a), n, m)) for a, n, m in fits]
    parameters, _ = strategy.aggregate_fit(number, results, [])
    arrays = parameters_to_ndarrays(parameters)
    evaluations = [client.evaluate(arrays, config) for client in clients]
    strategy.aggregate_evaluate(number, [(None, EvaluateRes(OK, *e)) for e in evaluations], [])
