"""Checks models of our strategies: XGBoost loads them, and Flower's own strategies come to the same trees.

Usage: reference_xgboost.py <folder of the app> <folder with bagging.json, cyclic.json and orders.json>
"""

import json
import sys
from pathlib import Path

import numpy as np
import xgboost as xgb
from flwr.serverapp.strategy.strategy_utils import aggregate_bagging

sys.path.insert(0, sys.argv[1])
from xgb_nodes.task import points, train  # noqa: E402

made = Path(sys.argv[2])
orders = json.loads((made / "orders.json").read_text())


def bagging():
    model = b""
    for order in orders["bagging"]:
        sent = model
        for partition in order:
            model = aggregate_bagging(model, train(sent, partition, True))
    return model


def cyclic():
    model = b""
    for (partition,) in orders["cyclic"]:
        model = train(model, partition, False)
    return model


def loaded(model):
    booster = xgb.Booster()
    booster.load_model(bytearray(model))
    return booster


report = {}
for name, expected in (("bagging", bagging()), ("cyclic", cyclic())):
    ours = (made / f"{name}.json").read_bytes()
    data = points(9)
    predictions = loaded(ours).predict(data)
    report[name] = {
        "same": json.loads(ours) == json.loads(expected),
        "rounds": loaded(ours).num_boosted_rounds(),
        "samePredictions": bool(np.array_equal(predictions, loaded(expected).predict(data))),
        "accuracy": float(np.mean((predictions > 0.5) == data.get_label())),
    }
print(json.dumps(report))
