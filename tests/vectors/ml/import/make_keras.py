"""Records what Keras exports: python make_keras.py torch (Keras 3 on PyTorch, its own exporter) writes keras_torch.onnx,
python make_keras.py tensorflow (Keras 3 on TensorFlow, tf2onnx 1.17) writes keras_tf2onnx.onnx, beside this file."""
import os
import sys

BACKEND = sys.argv[1]
os.environ["KERAS_BACKEND"] = BACKEND

import keras
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))


def network():
    keras.utils.set_random_seed(3)
    layers = keras.layers
    net = keras.Sequential([
        layers.Input((10, 10, 2)),
        layers.Conv2D(4, 3, padding="same", strides=2, activation="relu"),
        layers.BatchNormalization(),
        layers.MaxPooling2D(2, strides=1, padding="same"),
        layers.DepthwiseConv2D(3),
        layers.LeakyReLU(negative_slope=0.2),
        layers.Flatten(),
        layers.Dropout(0.2),
        layers.Dense(5, activation="softmax"),
    ])
    net(np.zeros((1, 10, 10, 2), np.float32))
    return net


def main():
    net = network()
    if BACKEND == "torch":
        net.export(os.path.join(HERE, "keras_torch.onnx"), format="onnx", verbose=False)
        return
    import tensorflow as tf
    import tf2onnx

    signature = [tf.TensorSpec([None, 10, 10, 2], tf.float32, name="image")]
    call = tf.function(lambda x: net(x, training=False), input_signature=signature)
    tf2onnx.convert.from_function(
        call, input_signature=signature, opset=13, output_path=os.path.join(HERE, "keras_tf2onnx.onnx"))


main()
