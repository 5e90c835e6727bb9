"""The work in one thread of PyTorch, without any framework: loop_peer.py ROUNDS COHORT USERS"""
import numpy as np
import torch

import work

rounds, cohort, users = work.numbers()
random, net = np.random.default_rng(0), work.network()
model = {name: value.clone() for name, value in net.state_dict().items()}
for _ in range(rounds):
    total = {name: torch.zeros_like(value) for name, value in model.items()}
    for user in random.choice(users, cohort, replace=False):
        net.load_state_dict(model)
        work.train(net, int(user))
        for name, value in net.state_dict().items():
            total[name] += value
    model = {name: value / cohort for name, value in total.items()}
    work.round_ended()
