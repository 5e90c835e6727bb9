import assert from "node:assert/strict";
import { admissionFault } from "./admission.ts";

Deno.test("admission: a key is admitted if it is listed or registered, until its node is unregistered", () => {
  const states = ["registered", "online", "offline", "left", "unregistered"] as const;
  for (const listed of [true, false]) {
    assert.equal(admissionFault(undefined, listed) === undefined, listed);
    for (const state of states) {
      for (const registeredBy of ["owner", "self"] as const) {
        const admitted = state !== "unregistered" && (listed || registeredBy === "owner");
        const fault = admissionFault({ state, registeredBy }, listed);
        const expected = state === "unregistered" ? "node-unregistered" : "key-unknown";
        assert.equal(
          fault?.code,
          admitted ? undefined : expected,
          `${state}, ${registeredBy}, ${listed}`,
        );
      }
    }
  }
});
