import assert from "node:assert/strict";
import { FlwrError } from "../../base/error.ts";
import { input, type Node } from "../graph/value.ts";
import { gather } from "../graph/indexing.ts";
import { fill } from "../graph/elementwise.ts";
import { lowerGraph } from "../lower/program.ts";
import { tensor } from "../../tensor/tensor.ts";
import { LocalEngine } from "./local_engine.ts";

Deno.test("the error of a failed run names the operator, and no source file of ONNX Runtime", async () => {
  await using engine = await LocalEngine.create(1);
  const at = input("at", "int32", [1]) as Node<"input">;
  const rows = gather(fill(1, "float32", [5, 2]), at);
  await engine.load("m", lowerGraph([at], [{ name: "y", value: rows }], []));
  const run = engine.run({
    model: "m",
    stored: [],
    given: [["at", tensor("int32", [1], Int32Array.of(7))]],
    kept: [],
    returned: ["y"],
  });
  await assert.rejects(run, (error) => {
    assert.ok(error instanceof FlwrError);
    assert.equal(error.code, "invalid-argument");
    assert.match(error.message, /in "Gather": .*idx=7/);
    assert.doesNotMatch(error.message, /onnxruntime_src|Status|Non-zero/);
    return true;
  });
});

Deno.test("the error of a model that does not open is readable", async () => {
  await using engine = await LocalEngine.create(1);
  await assert.rejects(engine.load("m", new Uint8Array([8, 7])), (error) => {
    assert.ok(error instanceof FlwrError);
    assert.match(error.message, /^ONNX Runtime cannot run the network: /);
    return true;
  });
});
