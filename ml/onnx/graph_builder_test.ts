import assert from "node:assert/strict";
import { tensor } from "../../tensor/tensor.ts";
import { GraphBuilder } from "./graph_builder.ts";
import { MODEL } from "./message/types.ts";
import { modelBytes } from "./model.ts";

Deno.test("equal nodes and constants are created once", () => {
  const builder = new GraphBuilder();
  const first = builder.node("Add", ["x", builder.floats(1)]);
  assert.equal(builder.node("Add", ["x", builder.floats(1)]), first);
  assert.notEqual(builder.node("Add", ["x", builder.floats(2)]), first);
  const { node, initializer } = builder.build("g", [], []);
  assert.deepEqual([node.length, initializer.length], [2, 2]);
});

Deno.test("a body shares the nodes around it and keeps its constants outside", () => {
  const outer = new GraphBuilder();
  const around = outer.node("Neg", ["x"]);
  const body = outer.body(["step"]);
  assert.equal(body.node("Neg", ["x"]), around);
  const inner = body.node("Mul", ["step", body.floats(2)]);
  assert.ok(body.makes(inner) && !body.makes(around));
  const graph = body.build("body", [], []);
  assert.deepEqual([graph.node.length, graph.initializer.length], [1, 0]);
  assert.equal(outer.build("g", [], []).initializer.length, 1);
});

Deno.test("nodes that do not change from step to step are added outside the body", () => {
  const outer = new GraphBuilder();
  const body = outer.body(["step"]);
  const square = body.node("Mul", ["x", "x"]);
  const shape = body.node("Shape", [body.node("Neg", [square])]);
  const each = body.node("Add", [square, "step"]);
  const later = body.node("Neg", [each]);
  assert.deepEqual([square, shape, each, later].map((name) => body.makes(name)), [
    false,
    false,
    true,
    true,
  ]);
  assert.deepEqual(outer.build("g", [], []).node.map(({ opType }) => opType), [
    "Mul",
    "Neg",
    "Shape",
  ]);
});

Deno.test("the file declares inputs and outputs", () => {
  const builder = new GraphBuilder();
  const y = builder.node("Gemm", ["x", "w"], { transB: { int: 1 }, beta: { float: 0.5 } });
  builder.initializer("w", tensor("float32", [1, 2], Float32Array.of(1, 2)));
  builder.alias("y", y);
  const bytes = modelBytes(builder.build(
    "g",
    [{ name: "x", dtype: "uint8", shape: [null, 2] }],
    [{ name: "y", dtype: "float32", shape: [null, 1] }],
  ));
  const { graph, opsetImport } = MODEL.decode(bytes);
  assert.equal(opsetImport[0]!.version, 18n);
  assert.deepEqual(graph!.node.map(({ opType }) => opType), ["Gemm", "Identity"]);
  assert.deepEqual(graph!.node[0]!.attribute.map(({ name }) => name), ["transB", "beta"]);
  assert.deepEqual(graph!.initializer[0]!.dims, [1n, 2n]);
  const { elemType, shape } = graph!.input[0]!.type!.tensorType!;
  assert.equal(elemType, 2);
  assert.deepEqual(shape!.dim.map(({ dimParam, dimValue }) => dimParam ?? dimValue), ["x.0", 2n]);
});

Deno.test("an array of one repeated number is stored once, whatever its size", () => {
  const builder = new GraphBuilder();
  const name = builder.floats(1, [1000]);
  assert.equal(builder.body([]).floats(1, [1000]), name);
  assert.notEqual(builder.floats(2, [1000]), name);
  assert.notEqual(builder.floats(1, [500]), name);
  assert.equal(builder.build("g", [], []).initializer.length, 3);
});
