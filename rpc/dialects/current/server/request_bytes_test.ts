import assert from "node:assert/strict";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Control } from "../../../../proto/gen/current/control_pb.ts";
import { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { Fleet as OlderFleet } from "../../../../proto/gen/flwr-1.15/fleet_pb.ts";
import { Driver } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import { Fleet as Fleet19 } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import { olderRequestBytes } from "./fleet_policy.ts";
import { legacyRequestBytes } from "../../flwr-1.9/server/policy.ts";
import { MAX_MESSAGE_BYTES } from "../../../limits.ts";
import { NODE_WIRE } from "../../node_wire.ts";

import { controlRequestBytes } from "./control_policy.ts";
import { fleetRequestBytes } from "./fleet_policy.ts";
import { runtimeRequestBytes } from "./task_policy.ts";

/** Methods of each API that may have large requests, according to the threat model. */
/** Methods with large requests that nodes of 1.15 and later may call. */
const older = (method: DescMethod) => olderRequestBytes(method);

const LARGE: readonly [DescService, (method: DescMethod) => number, readonly string[]][] = [
  [Fleet, fleetRequestBytes, ["PushMessages", "PushObject"]],
  [OlderFleet, older, ["PushMessages"]],
  [Fleet19, legacyRequestBytes, ["PushTaskRes"]],
  [Driver, legacyRequestBytes, ["PullTaskRes", "PushTaskIns"]],
  [Control, controlRequestBytes, ["PushAttachment", "StartRun"]],
  [
    Runtime,
    runtimeRequestBytes,
    [
      "PullMessages",
      "PushArtifact",
      "PushCheckpoint",
      "PushLogs",
      "PushMessages",
      "PushObject",
      "PushTaskEvents",
      "PushTaskOutput",
    ],
  ],
];

for (const [service, bytesOf, large] of LARGE) {
  Deno.test(`requests of ${service} are small, except those that carry data`, () => {
    const larger = service.methods.filter((method) => bytesOf(method) > 64 * 1024);
    assert.deepEqual(larger.map(({ name }) => name).sort(), large);
  });
}

Deno.test("a node's push may be as large as a message only if the node sends whole messages", () => {
  const { pushMessages, pullMessages } = OlderFleet.method;
  assert.equal(olderRequestBytes(pushMessages, { wire: NODE_WIRE.whole }), MAX_MESSAGE_BYTES);
  for (const wire of [NODE_WIRE.objects, NODE_WIRE.current]) {
    const bytes = fleetRequestBytes(Fleet.method.pushMessages);
    assert.equal(olderRequestBytes(pushMessages, { wire }), bytes);
  }
  assert.equal(olderRequestBytes(pullMessages, { wire: NODE_WIRE.whole }), 64 * 1024);
});
