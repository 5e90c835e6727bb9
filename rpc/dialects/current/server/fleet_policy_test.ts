import assert from "node:assert/strict";
import { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { methodPath } from "../../../service.ts";
import { FLEET_POLICY } from "./fleet_policy.ts";

Deno.test("every method of the Fleet API has a row in the policy, and every row a method", () => {
  assert.deepEqual(
    Object.keys(FLEET_POLICY).toSorted(),
    Fleet.methods.map(methodPath).toSorted(),
  );
});

Deno.test("only calls by which one becomes a node are let in without one", () => {
  const becoming = Object.keys(FLEET_POLICY)
    .filter((method) => FLEET_POLICY[method]!.admission === "key");
  assert.deepEqual(becoming, ["/flwr.proto.Fleet/RegisterNode", "/flwr.proto.Fleet/ActivateNode"]);
});
