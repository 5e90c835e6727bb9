"""What a node learns: trees for its own 200 points, one round of boosting at a time."""

import numpy as np
import xgboost as xgb

PARAMETERS = {"objective": "binary:logistic", "eta": 0.3, "max_depth": 3, "nthread": 1}


def points(partition):
    rng = np.random.default_rng(partition)
    x = rng.normal(size=(200, 4))
    return xgb.DMatrix(x, label=(x[:, 0] + x[:, 1] * x[:, 2] > 0).astype(int))


def train(model, partition, bagging):
    """Boosts a model once; with bagging, returns the new trees alone."""
    data = points(partition)
    if len(model) == 0:
        booster = xgb.train(PARAMETERS, data, num_boost_round=1)
    else:
        booster = xgb.Booster(PARAMETERS)
        booster.load_model(bytearray(model))
        booster.update(data, booster.num_boosted_rounds())
        if bagging:
            booster = booster[booster.num_boosted_rounds() - 1 : booster.num_boosted_rounds()]
    return bytes(booster.save_raw("json"))
