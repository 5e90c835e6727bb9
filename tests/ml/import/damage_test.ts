import assert from "node:assert/strict";
import fc from "fast-check";
import { FlwrError } from "../../../base/error.ts";
import { input } from "../../../ml/graph/value.ts";
import { onnxNetwork } from "../../../ml/import/network.ts";
import { trace } from "../../../ml/nn/trace.ts";
import type { ModelProto, TensorProto } from "../../../ml/onnx/message/messages.ts";
import { ELEMENT } from "../../../ml/onnx/message/numbers.ts";
import { MODEL } from "../../../ml/onnx/message/types.ts";
import { recorded } from "./onnx_file.ts";

const FILES = [
  "cnn_torchscript_train.onnx",
  "cnn_dynamo.onnx",
  "encoder_dynamo.onnx",
  "keras_tf2onnx.onnx",
  "mlp_dynamo.onnx",
  "sklearn_mlp_binary.onnx",
  "sklearn_logistic.onnx",
];

/** Reads a file and applies it for training; a damaged one may still be a file, or must be refused in words. */
function readAndApply(bytes: Uint8Array): void {
  try {
    const network = onnxNetwork(bytes);
    const shape = [2, ...(network.inputShape ?? []).slice(1).map((length) => length ?? 3)];
    trace(network, input("x", network.inputType, shape), input("key", "uint32", []));
  } catch (error) {
    assert.ok(error instanceof FlwrError, String((error as Error).stack));
    assert.notEqual(error.code, "internal", `${error.message}\n${(error.cause as Error)?.stack}`);
    assert.match(error.message, /^["A-Z]/);
  }
}

for (const name of FILES) {
  Deno.test(`${name} with flipped bits is read or refused in words`, () => {
    const bytes = recorded(name);
    fc.assert(
      fc.property(
        fc.array(fc.nat(8 * bytes.length - 1), { minLength: 1, maxLength: 4 }),
        (bits) => {
          const damaged = bytes.slice();
          for (const bit of bits) damaged[bit >> 3]! ^= 1 << (bit & 7);
          readAndApply(damaged);
        },
      ),
      { numRuns: 250 },
    );
  });

  Deno.test(`${name} cut off or with bytes replaced is read or refused in words`, () => {
    const bytes = recorded(name);
    fc.assert(
      fc.property(fc.nat(bytes.length), fc.uint8Array({ maxLength: 12 }), (at, others) => {
        readAndApply(bytes.subarray(0, at));
        const replaced = bytes.slice();
        replaced.set(others.subarray(0, bytes.length - at), at);
        readAndApply(replaced);
      }),
      { numRuns: 120 },
    );
  });
}

/** Every whole number that a file's operators work with: attributes, and tensors of int64 such as shapes and axes. */
function wholeNumbers(model: ModelProto): ((value: bigint) => void)[] {
  const { node, initializer } = model.graph!;
  const setters: ((value: bigint) => void)[] = [];
  const ofTensor = (tensor: TensorProto) => {
    if (tensor.dataType !== ELEMENT.INT64 || tensor.rawData.length % 8 !== 0) return;
    const data = tensor.rawData = tensor.rawData.slice();
    const view = new DataView(data.buffer);
    for (let at = 0; at < data.length; at += 8) {
      setters.push((value) => view.setBigInt64(at, value, true));
    }
  };
  for (const { attribute } of node) {
    for (const proto of attribute) {
      setters.push((value) => proto.i = value);
      proto.ints.forEach((_, i) => setters.push((value) => proto.ints[i] = value));
      if (proto.t !== undefined) ofTensor(proto.t);
    }
  }
  for (const tensor of initializer) {
    tensor.dims.forEach((_, i) => setters.push((value) => tensor.dims[i] = value));
    ofTensor(tensor);
  }
  return setters;
}

const EXTREME = [
  -1n,
  0n,
  1n,
  2n,
  3n,
  1000n,
  2n ** 24n,
  2n ** 31n,
  2n ** 40n,
  2n ** 62n,
  -(2n ** 63n),
];

for (const name of [...FILES, "encoder_torchscript.onnx", "keras_torch.onnx"]) {
  Deno.test(`${name} with absurd lengths, axes and pads is read or refused in words`, () => {
    const bytes = recorded(name);
    fc.assert(
      fc.property(fc.array(fc.nat(), { minLength: 1, maxLength: 3 }), fc.nat(), (at, seed) => {
        const model = MODEL.decode(bytes);
        const setters = wholeNumbers(model);
        at.forEach((i, k) => setters[i % setters.length]!(EXTREME[(seed + k) % EXTREME.length]!));
        readAndApply(MODEL.encode(model));
      }),
      { numRuns: 150 },
    );
  });
}

Deno.test("what is no ONNX file at all is refused", () => {
  for (const text of ["", "\u0000".repeat(100)]) {
    assert.throws(
      () => onnxNetwork(new TextEncoder().encode(text)),
      (error) => error instanceof FlwrError && error.code === "data-loss",
    );
  }
});

Deno.test("files of other formats are called by their names", () => {
  const OTHERS = {
    "PK\u0003\u0004": /zip archive/,
    "<html></html>": /web page/,
    "version https://git-lfs.github.com/spec/v1\noid": /Git LFS/,
    "\u0018\u0000\u0000\u0000TFL3": /TensorFlow Lite/,
    "\u0018\u0000\u0000\u0000ORTM": /ONNX Runtime's own/,
    "\u0089HDF\r\n\u001a\n": /HDF5/,
    "\u0080\u0002}": /pickle/,
  };
  for (const [start, pattern] of Object.entries(OTHERS)) {
    const bytes = Uint8Array.from(start, (letter) => letter.charCodeAt(0));
    assert.throws(() => onnxNetwork(bytes), (error) => {
      assert.ok(error instanceof FlwrError);
      assert.equal(error.code, "invalid-argument");
      assert.match(error.message, pattern);
      return true;
    });
  }
});
