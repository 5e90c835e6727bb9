import assert from "node:assert/strict";
import { type ErrorCode, FlwrError } from "../../../base/error.ts";
import { input } from "../../../ml/graph/value.ts";
import { onnxNetwork as readNetwork, type OnnxNetworkOptions } from "../../../ml/import/network.ts";
import { trace } from "../../../ml/nn/trace.ts";
import { MODEL } from "../../../ml/onnx/message/types.ts";
import { integers, numbers, oneNode, onnxFile, recorded } from "./onnx_file.ts";

function isError(code: ErrorCode, ...patterns: readonly RegExp[]) {
  return (error: unknown) => {
    assert.ok(error instanceof FlwrError, String(error));
    for (const pattern of patterns) {
      assert.match([error.message, ...error.hints].join("\n"), pattern);
    }
    assert.equal(error.code, code);
    return true;
  };
}

/** Makes sure that what is refused of bytes is refused of a file of these bytes, too, with its path in the sentence. */
function alsoOfFile<T>(bytes: Uint8Array, work: (source: Uint8Array | string) => T): T {
  try {
    return work(bytes);
  } catch (error) {
    const path = Deno.makeTempFileSync({ suffix: ".onnx" });
    try {
      Deno.writeFileSync(path, bytes);
      assert.throws(() => work(path), (named) => {
        assert.ok(named instanceof FlwrError && error instanceof FlwrError, String(named));
        assert.equal(named.code, error.code);
        assert.ok(named.message.includes(`"${path}": `), named.message);
        return true;
      });
    } finally {
      Deno.removeSync(path);
    }
    throw error;
  }
}

function onnxNetwork(bytes: Uint8Array, options?: OnnxNetworkOptions) {
  return alsoOfFile(bytes, (source) => readNetwork(source, options));
}

/** Reads and applies a file to x of a shape. */
function apply(bytes: Uint8Array, shape: readonly number[] = [2, 3]): void {
  alsoOfFile(bytes, (source) => trace(readNetwork(source), input("x", "float32", shape)));
}

const chain = (...ops: readonly (readonly [op: string, from: string, to: string])[]) =>
  onnxFile({
    nodes: ops.map(([op, from, to]) => ({ op, name: `the ${op}`, inputs: [from], outputs: [to] })),
  });

Deno.test("an operator without a rule is named with its node and the supported ones", () => {
  assert.throws(
    () => onnxNetwork(chain(["Relu", "x", "a"], ["LSTM", "a", "y"])),
    isError("unimplemented", /Node "the LSTM"/, /"LSTM"/, /Supported are: Abs, Add, .*Where/),
  );
  assert.throws(
    () => onnxNetwork(oneNode("Relu", {}, {}, { domain: "com.example" })),
    isError("data-loss", /Node "it" \(Relu\).*operator set .*"com\.example"/),
  );
});

Deno.test("an operator without a rule does not matter where the output does not need it", () => {
  onnxNetwork(chain(["LSTM", "x", "z"], ["Relu", "x", "y"]));
});

Deno.test("circles, values from nowhere and values made twice are refused", () => {
  assert.throws(
    () => onnxNetwork(chain(["Relu", "b", "a"], ["Tanh", "a", "b"], ["Exp", "b", "y"])),
    isError("data-loss", /cycle at node "the (Relu|Tanh)"/),
  );
  assert.throws(
    () => onnxNetwork(chain(["Relu", "nothing", "y"])),
    isError("data-loss", /Node "the Relu" \(Relu\) needs the value "nothing"/),
  );
  assert.throws(
    () => onnxNetwork(chain(["Relu", "x", "y"], ["Tanh", "x", "y"])),
    isError("data-loss", /defines the value "y" twice.*"the Tanh"/),
  );
  assert.throws(
    () => onnxNetwork(chain(["Relu", "x", "z"])),
    isError("data-loss", /output needs the value "y"/),
  );
});

Deno.test("nodes in another order than that of computation are put right", () => {
  apply(chain(["Exp", "a", "y"], ["Relu", "x", "a"]));
});

Deno.test("shapes that do not fit name the node and both shapes", () => {
  const file = oneNode("Gemm", {}, { w: numbers([4, 2], 1) });
  assert.throws(
    () => apply(file),
    isError("invalid-argument", /Node "it" \(Gemm\).*\[2, 3\] and \[4, 2\]/),
  );
  const declared = oneNode("Relu", {}, {}, { input: [null, 5] });
  assert.throws(
    () => apply(declared),
    isError("invalid-argument", /Input "x" .*\[batch, 5\]: got \[2, 3\]/),
  );
});

Deno.test("attributes of the wrong kind or value are named", () => {
  assert.throws(
    () => apply(oneNode("LeakyRelu", { alpha: { string: "much" } })),
    isError("data-loss", /Node "it" \(LeakyRelu\): Attribute "alpha" must be of type float/),
  );
  assert.throws(
    () => apply(oneNode("Gelu", { approximate: { string: "none of it" } }, {}, { opset: 20 })),
    isError("unimplemented", /Attribute "approximate".*"none of it"/),
  );
  assert.throws(
    () =>
      apply(oneNode("Conv", { pads: { ints: [1, -1, 1, 1] } }, { w: numbers([1, 3, 2, 2], 1) }), [
        1,
        3,
        4,
        4,
      ]),
    isError("unimplemented", /Attribute "pads".*\[1,-1,1,1\]/),
  );
});

Deno.test("absurd sizes are refused before memory is taken", () => {
  const expanded = oneNode("Expand", {}, { to: integers(2 ** 20, 2 ** 20, 3) });
  assert.throws(
    () => apply(expanded),
    isError("invalid-argument", /cannot be broadcast/),
  );
  const stretched = oneNode("Expand", {}, { to: integers(2 ** 20, 2 ** 20, 1, 1) });
  assert.throws(() => apply(stretched), isError("resource-exhausted", /Node "it".*elements/));
  const made = onnxFile({
    nodes: [
      { op: "ConstantOfShape", name: "zeros", inputs: ["to"], outputs: ["z"] },
      { op: "Add", inputs: ["x", "z"], outputs: ["y"] },
    ],
    initializers: { to: integers(2 ** 31, 2 ** 31) },
  });
  assert.throws(() => apply(made), isError("resource-exhausted", /Node "zeros"/));
});

Deno.test("what must be known from the file is asked for by name", () => {
  const file = onnxFile({
    nodes: [
      { op: "Cast", inputs: ["x"], outputs: ["n"], attributes: { to: { int: 7 } } },
      { op: "Reshape", name: "shaper", inputs: ["x", "n"], outputs: ["y"] },
    ],
  });
  assert.throws(
    () => apply(file, [2]),
    isError("unimplemented", /Node "shaper".*Input 1 \("n"\) must be a constant/),
  );
});

Deno.test("tensors whose data do not fit their shape or type are named", () => {
  const damaged = (change: (model: ReturnType<typeof read>) => void) => {
    const model = read();
    change(model);
    return MODEL.encode(model);
  };
  const read = () => MODEL.decode(oneNode("Gemm", {}, { w: numbers([3, 2], 1) }));
  const tensor = (model: ReturnType<typeof read>) => model.graph!.initializer[0]!;
  const refused = (
    change: (model: ReturnType<typeof read>) => void,
    code: ErrorCode,
    text: RegExp,
  ) => assert.throws(() => onnxNetwork(damaged(change)), isError(code, text));
  refused((m) => tensor(m).dims = [3n, 3n], "data-loss", /"w" .*needs 36 bytes: got 24/);
  refused((m) => tensor(m).dims = [-3n, -2n], "data-loss", /"w" .*\[-3,-2\] is not a shape/);
  refused((m) => tensor(m).dims = [2n ** 31n, 2n ** 31n], "resource-exhausted", /"w"/);
  refused((m) => tensor(m).dataType = 14, "unimplemented", /"w": .*COMPLEX64/);
  refused((m) => tensor(m).dataType = 99, "unimplemented", /"w": .*99/);
  refused((m) => tensor(m).rawData = new Uint8Array(), "data-loss", /needs 6 numbers: got 0/);
  refused((m) => m.opsetImport[0]!.version = 40n, "unimplemented", /operator set 40: 7 to 28/);
  refused((m) => m.graph!.output = [], "data-loss", /no ONNX graph/);
  refused((m) => m.graph!.input = [], "data-loss", /Node "it" .* "x"/);
});

Deno.test("an output that is not there or depends on nothing, and a file that is not there", () => {
  const alone = onnxFile({
    nodes: [{ op: "Neg", inputs: ["w"], outputs: ["y"] }],
    initializers: { w: numbers([2], 1) },
  });
  assert.throws(() => onnxNetwork(alone), isError("unimplemented", /depends on no input/));
  assert.throws(
    () => onnxNetwork(recorded("sklearn_mlp.onnx"), { output: "chances" }),
    isError("invalid-argument", /no value "chances": its outputs are "output_label"/),
  );
  assert.throws(
    () => readNetwork("/nowhere/model.onnx"),
    isError("not-found", /"\/nowhere\/model\.onnx" cannot be read/),
  );
});
