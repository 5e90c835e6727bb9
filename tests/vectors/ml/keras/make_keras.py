"""Writes the ONNX files of this folder and keras.json: pip install keras==3.15.1 torch==2.13.0 onnx onnxscript onnxruntime.

Keras exports them itself (model.export, format "onnx", backend torch); the outputs are ONNX Runtime's.
"""
import json
import os

os.environ["KERAS_BACKEND"] = "torch"
import keras
import numpy as np
import onnxruntime
from keras import layers as L


def seq(shape, *layers):
    return keras.Sequential([keras.Input(shape), *layers])


def residual():
    given = keras.Input((8, 8, 3))
    x = L.Conv2D(4, 3, padding="same")(given)
    x = L.add([x, L.Conv2D(4, 3, padding="same", activation="relu")(x)])
    return keras.Model(given, L.Dense(3)(L.GlobalAveragePooling2D()(x)))


IMAGE = (8, 8, 3)
MODELS = {
    "mlp": seq((5,), L.Dense(8, activation="relu"), L.Dense(3, activation="softmax")),
    "cnn": seq(IMAGE, L.Conv2D(4, 3, activation="relu"), L.MaxPooling2D(2), L.Flatten(), L.Dense(3)),
    "bn": seq(IMAGE, L.Conv2D(4, 3, padding="same", use_bias=False), L.BatchNormalization(), L.ReLU(),
              L.AveragePooling2D(2), L.Flatten(), L.Dense(3)),
    "lstm": seq((6, 4), L.LSTM(5), L.Dense(2)),
    "gru": seq((6, 4), L.GRU(5), L.Dense(2)),
    "rnn": seq((6, 4), L.SimpleRNN(5), L.Dense(2)),
    "conv1d": seq((16, 3), L.Conv1D(4, 3, padding="causal", activation="relu"), L.MaxPooling1D(2),
                  L.GlobalAveragePooling1D(), L.Dense(2)),
    "conv1d_s": seq((16, 3), L.Conv1D(4, 3, strides=2, padding="same", activation="gelu"), L.Flatten(), L.Dense(2)),
    "sep": seq(IMAGE, L.SeparableConv2D(4, 3, padding="same"), L.DepthwiseConv2D(3), L.GlobalMaxPooling2D(),
               L.Dense(2)),
    "res": residual(),
    "emb": seq((7,), L.Embedding(11, 4), L.GlobalAveragePooling1D(), L.Dense(2)),
    "drop": seq((5,), L.Dense(8, activation="elu"), L.Dropout(0.5), L.Dense(8, activation="leaky_relu"),
                L.Dense(1, activation="sigmoid")),
    "pad": seq(IMAGE, L.ZeroPadding2D(1), L.Conv2D(4, 3, strides=2), L.UpSampling2D(2), L.Conv2DTranspose(2, 3),
               L.Flatten(), L.Dense(2)),
    "resc": seq(IMAGE, L.Rescaling(1 / 255.0), L.Conv2D(4, 3), L.Reshape((-1, 4)), L.Permute((2, 1)), L.Flatten(),
                L.Dense(2)),
}

random = np.random.default_rng(0)
recorded = {}
for name, model in MODELS.items():
    for weight in model.weights:
        if "moving" in weight.path:
            weight.assign(np.abs(random.normal(size=weight.shape)) + 0.5)
    shape = (4,) + model.input_shape[1:]
    x = random.integers(0, 11, shape) if name == "emb" else random.normal(size=shape)
    x = x.astype("float32")
    model(x)
    model.export(f"{name}.onnx", format="onnx", verbose=False)
    session = onnxruntime.InferenceSession(f"{name}.onnx")
    y = session.run(None, {session.get_inputs()[0].name: x})[0]
    recorded[name] = {"shape": shape, "x": x.ravel().tolist(), "y": y.ravel().tolist()}
with open("keras.json", "w") as file:
    json.dump(recorded, file, separators=(",", ":"))
