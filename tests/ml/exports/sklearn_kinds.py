"""Models of scikit-learn that skl2onnx writes, with their own predictions."""

import numpy as np
from skl2onnx import to_onnx
from sklearn import linear_model, naive_bayes, neural_network, preprocessing, svm, tree
from sklearn.cross_decomposition import PLSRegression
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline

random = np.random.default_rng(0)
X = random.normal(size=(60, 5)).astype(np.float32)
CLASSES = (X[:, 0] + 2 * X[:, 1] > 0).astype(int) + (X[:, 2] > 0.5)
BINARY = (X[:, 0] > 0.1).astype(int)
TARGETS = np.stack([X @ [1, 2, 0, 0, 1], X @ [0, 1, 1, -1, 0]], 1)


def exported(model, target, output):
    """What a fitted model yields, and its file."""

    def make():
        model.fit(X, target)
        options = {"zipmap": False} if hasattr(model, "predict_proba") or hasattr(model, "classes_") else {}
        final = model.steps[-1][1] if hasattr(model, "steps") else model
        proto = to_onnx(model, X[:1], options={id(final): options} if options else None, target_opset=18)
        y = output(model)
        return proto, X[:7], y[:, None] if y.ndim == 1 else y

    return make


def probabilities(model):
    return model.predict_proba(X[:7])


def predictions(model):
    return model.predict(X[:7])


def transformed(model):
    return model.transform(X[:7])


def sklearn_models():
    yield "LogisticRegression", exported(linear_model.LogisticRegression(), CLASSES, probabilities)
    yield "LogisticRegression, two classes", exported(linear_model.LogisticRegression(), BINARY, probabilities)
    yield "SGDClassifier", exported(linear_model.SGDClassifier(loss="log_loss"), CLASSES, probabilities)
    yield "LinearRegression", exported(linear_model.LinearRegression(), TARGETS[:, 0], predictions)
    yield "LinearRegression, two targets", exported(linear_model.LinearRegression(), TARGETS, predictions)
    for kind in (linear_model.Ridge, linear_model.Lasso, linear_model.ElasticNet, linear_model.HuberRegressor,
                 linear_model.BayesianRidge, svm.LinearSVR):
        yield kind.__name__, exported(kind(), TARGETS[:, 0], predictions)
    for name in ("relu", "tanh", "logistic", "identity"):
        options = dict(hidden_layer_sizes=(6, 4), activation=name, max_iter=50)
        yield f"MLPClassifier of {name}", exported(neural_network.MLPClassifier(**options), CLASSES, probabilities)
        yield f"MLPRegressor of {name}", exported(neural_network.MLPRegressor(**options), TARGETS, predictions)
    yield "MLPClassifier, two classes", exported(neural_network.MLPClassifier((6,), max_iter=50), BINARY, probabilities)
    for scaler in (preprocessing.StandardScaler(), preprocessing.MinMaxScaler(), preprocessing.MaxAbsScaler(),
                   preprocessing.RobustScaler(), preprocessing.Normalizer(), preprocessing.Normalizer("l1"),
                   preprocessing.PolynomialFeatures(), PCA(3)):
        yield repr(scaler), exported(scaler, CLASSES, transformed)
    scaled = make_pipeline(preprocessing.StandardScaler(), linear_model.LogisticRegression())
    yield "scaler and LogisticRegression", exported(scaled, CLASSES, probabilities)
    network = make_pipeline(preprocessing.StandardScaler(), neural_network.MLPRegressor((6,), max_iter=50))
    yield "scaler and MLPRegressor", exported(network, TARGETS[:, 0], predictions)
    yield "LinearDiscriminantAnalysis", exported(LinearDiscriminantAnalysis(), CLASSES, probabilities)
    yield "PLSRegression", exported(PLSRegression(2), TARGETS, predictions)
    yield "GaussianNB", exported(naive_bayes.GaussianNB(), CLASSES, probabilities)
    yield "DecisionTreeClassifier", exported(tree.DecisionTreeClassifier(), CLASSES, probabilities)
    yield "RandomForestClassifier", exported(RandomForestClassifier(3), CLASSES, probabilities)
