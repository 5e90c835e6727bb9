"""The work in pfl-research: pfl_peer.py ROUNDS COHORT USERS

torch.distributed.run starts one process per core; pfl-research then splits each cohort between them, with gloo.
"""
import os

import torch
from pfl.aggregate.simulate import SimulatedBackend
from pfl.algorithm.base import NNAlgorithmParams
from pfl.algorithm.federated_averaging import FederatedAveraging
from pfl.callback.base import TrainingProcessCallback
from pfl.data.dataset import Dataset
from pfl.data.federated_dataset import FederatedDataset
from pfl.data.sampling import get_user_sampler
from pfl.hyperparam.base import NNTrainHyperParams
from pfl.metrics import Metrics, Weighted
from pfl.model.pytorch import PyTorchModel

import work

rounds, cohort, users = work.numbers()


class Network(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = work.network()

    def loss(self, x, y, eval=False):
        self.train(not eval)
        return work.cross_entropy(self.layers(x), y)

    def metrics(self, x, y, eval=False):
        return {"loss": Weighted(float(self.loss(x, y, eval)) * len(y), len(y))}


class RoundEnd(TrainingProcessCallback):
    def after_central_iteration(self, *args, **kwargs):
        if os.environ.get("RANK", "0") == "0":
            work.round_ended()
        return False, Metrics()


network = Network()
FederatedAveraging().run(
    algorithm_params=NNAlgorithmParams(
        central_num_iterations=rounds, evaluation_frequency=10**6, train_cohort_size=cohort, val_cohort_size=0),
    backend=SimulatedBackend(
        training_data=FederatedDataset(
            lambda user: Dataset(raw_data=list(work.user_data(int(user))), user_id=str(user)),
            get_user_sampler("random", range(users))),
        val_data=None),
    model=PyTorchModel(
        network, local_optimizer_create=torch.optim.SGD,
        central_optimizer=torch.optim.SGD(network.parameters(), 1.0)),
    model_train_params=NNTrainHyperParams(
        local_learning_rate=0.05, local_num_epochs=1, local_batch_size=work.BATCH),
    model_eval_params=None,
    callbacks=[RoundEnd()])
