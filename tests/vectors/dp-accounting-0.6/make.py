"""Records what privacy accountants say of Gaussian releases: accounting.json.

Run with dp-accounting 0.6.0 and flwr 1.42.0:  python make.py > accounting.json

Opacus 1.6.0 was asked apart from this script, because it needs PyTorch: its rows are kept as they are.
"""

import json
import math
from pathlib import Path

import dp_accounting as dp
from dp_accounting import pld, rdp
from flwr.serverapp import GaussianPrivacyEvent, NeighboringRelation, PrivacyConfig
from flwr.serverapp import RdpAccountant as FlowerAccountant
from flwr.serverapp import SamplingMethod

KEPT = json.loads((Path(__file__).parent / "accounting.json").read_text())


def event(sigma, rate, steps):
    release = dp.GaussianDpEvent(sigma)
    sampled = release if rate == 1 else dp.PoissonSampledDpEvent(rate, release)
    return dp.SelfComposedDpEvent(sampled, steps)


def composed(accountant, *events):
    for one in events:
        accountant.compose(one)
    return accountant


def finite(x):
    return float(x) if math.isfinite(x) else "Infinity"


def epsilon(row):
    one = event(row["noise_multiplier"], row["sampling_rate"], row["steps"])
    by_rdp, by_pld = composed(rdp.RdpAccountant(), one), composed(pld.PLDAccountant(), one)
    value, order = by_rdp.get_epsilon_and_optimal_order(row["delta"])
    return {
        **row,
        "rdp_epsilon": finite(value),
        "rdp_order": finite(order),
        "rdp_delta_at_that_epsilon": finite(by_rdp.get_delta(value)),
        "pld_epsilon": finite(by_pld.get_epsilon(row["delta"])),
        "pld_delta_at_epsilon_1": finite(by_pld.get_delta(1.0)),
    }


def curve(row):
    accountant = composed(rdp.RdpAccountant(), event(row["noise_multiplier"], row["sampling_rate"], 1))
    return {**row, "rdp": [finite(x) for x in accountant._rdp]}


def without_replacement(row):
    release = dp.GaussianDpEvent(row["noise_multiplier"])
    sampled = dp.SampledWithoutReplacementDpEvent(row["population"], row["sample"], release)
    relation = dp.NeighboringRelation.REPLACE_ONE
    accountant = composed(rdp.RdpAccountant(neighboring_relation=relation), dp.SelfComposedDpEvent(sampled, row["steps"]))
    value, order = accountant.get_epsilon_and_optimal_order(row["delta"])
    return {**row, "rdp_epsilon": finite(value), "rdp_order": finite(order)}


def calibrated(row):
    noise = {
        f"{name}_noise_multiplier": finite(
            dp.calibrate_dp_mechanism(
                make,
                lambda sigma: event(sigma, row["sampling_rate"], row["steps"]),
                row["target_epsilon"],
                row["delta"],
                tol=row["tolerance"],
            )
        )
        for name, make in (("rdp", rdp.RdpAccountant), ("pld", pld.PLDAccountant))
    }
    return {**row, **noise}


def flower(row):
    config = PrivacyConfig(
        target_delta=row["delta"],
        population_size=row["population_size"],
        neighboring_relation=NeighboringRelation(row["neighboring_relation"]),
        sampling_method=SamplingMethod(row["sampling_method"]),
        max_epsilon=20.0,
    )
    accountant = FlowerAccountant(config)
    one = GaussianPrivacyEvent(row["noise_multiplier"], row["sample_size"], row["population_size"])
    rounds = []
    for _ in row["after_each_round"]:
        exceeds = accountant.would_exceed(one)
        accountant.compose(one)
        spent = accountant.get_privacy_spent()
        rounds.append({
            "epsilon": spent.epsilon,
            "order": spent.optimal_order,
            "releases": spent.num_releases,
            "would_have_exceeded_20": exceeds,
        })
    return {**row, "after_each_round": rounds, "state_keys": sorted(accountant.state_dict())}


print(json.dumps({
    **KEPT,
    "epsilon": [epsilon(row) for row in KEPT["epsilon"]],
    "rdp_curves": [curve(row) for row in KEPT["rdp_curves"]],
    "without_replacement": [without_replacement(row) for row in KEPT["without_replacement"]],
    "calibrated": [calibrated(row) for row in KEPT["calibrated"]],
    "flwr_accountant": [flower(row) for row in KEPT["flwr_accountant"]],
}, indent=1))
