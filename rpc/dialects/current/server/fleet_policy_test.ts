import assert from "node:assert/strict";
import { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { methodPath } from "../../../service.ts";
import { Fleet as OlderFleet } from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import { FLEET_POLICY, nodePolicyOf, OLDER_FLEET_POLICY } from "./fleet_policy.ts";

Deno.test("every method of the Fleet API has a row in the policy, and every row a method", () => {
  assert.deepEqual(
    Object.keys(FLEET_POLICY).toSorted(),
    Fleet.methods.map(methodPath).toSorted(),
  );
});

Deno.test("every call of 1.15 to 1.22 has a row, and no row is for a current call", () => {
  const today = new Set(Fleet.methods.map(methodPath));
  const older = OlderFleet.methods.map(methodPath).filter((path) => !today.has(path));
  assert.deepEqual(Object.keys(OLDER_FLEET_POLICY).toSorted(), older.toSorted());
  for (const method of OlderFleet.methods) nodePolicyOf(methodPath(method));
});

Deno.test("only calls that create a node are admitted without one", () => {
  const becoming = Object.entries({ ...FLEET_POLICY, ...OLDER_FLEET_POLICY })
    .filter(([, { admission }]) => admission === "key").map(([method]) => method);
  assert.deepEqual(becoming, [
    "/flwr.proto.Fleet/RegisterNode",
    "/flwr.proto.Fleet/ActivateNode",
    "/flwr.proto.Fleet/CreateNode",
  ]);
});
