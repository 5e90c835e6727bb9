import assert from "node:assert/strict";
import { create } from "@bufbuild/protobuf";
import { ConfigRecord } from "../../../app/config_record.ts";
import { float } from "../../../app/float.ts";
import { ScalarSchema } from "../../../proto/gen/current/scalar_pb.ts";
import {
  configFromWire,
  configToWire,
  scalarFromWire,
  scalarsFromWire,
  scalarsToWire,
  scalarToWire,
} from "./scalar.ts";

Deno.test("scalar: each kind of value has Flower's type", () => {
  const cases = [
    [true, "bool"],
    [-1n, "sint64"],
    [2n ** 63n - 1n, "sint64"],
    [2n ** 63n, "uint64"],
    [1, "double"],
    ["1", "string"],
    [new Uint8Array([1]), "bytes"],
  ] as const;
  for (const [value, type] of cases) {
    const wire = scalarToWire(value);
    assert.equal(wire.scalar.case, type);
    assert.deepEqual(scalarFromWire(wire), value);
  }
});

Deno.test("an app's configuration keeps the types of its values", () => {
  const config = new ConfigRecord({ lr: float(1), epochs: 3, name: "x", on: false });
  const wire = configToWire(config);
  assert.equal(wire.lr!.scalar.case, "double");
  assert.equal(wire.epochs!.scalar.case, "sint64");
  const back = configFromWire(wire);
  assert.deepEqual([...back.typedEntries()], [...config.typedEntries()]);
  assert.deepEqual(scalarsFromWire(wire), { lr: 1, epochs: 3n, name: "x", on: false });
});

Deno.test("names that JavaScript objects define are ordinary names", () => {
  const values = Object.fromEntries([["__proto__", 1n], ["constructor", 2n]]);
  assert.deepEqual(scalarsFromWire(scalarsToWire(values)), values);
});

Deno.test("a value without a type, and a list, are refused by name", () => {
  const none = create(ScalarSchema);
  assert.throws(() => scalarFromWire(none), { code: "invalid-argument" });
  assert.throws(() => configFromWire({ lr: none }), { code: "invalid-argument", message: /"lr"/ });
  assert.throws(() => configToWire(new ConfigRecord({ sizes: [1, 2] })), /"sizes" .* is a list/);
});
