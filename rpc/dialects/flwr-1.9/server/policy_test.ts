import assert from "node:assert/strict";
import { POLICY, policyKey, SERVICES } from "./policy.ts";

Deno.test("every method of Flower 1.9 has a row in the policy, and every row a method", () => {
  const methods = SERVICES.flatMap((service) => service.methods.map(policyKey));
  assert.deepEqual(Object.keys(POLICY).toSorted(), methods.toSorted());
});

Deno.test("no call of the Fleet API is open: only the Driver API, which cannot authenticate, is", () => {
  for (const [name, { admission }] of Object.entries(POLICY)) {
    assert.equal(admission === "open", name.startsWith("flwr.proto.Driver/"), name);
  }
});
