import assert from "node:assert/strict";
import type { DescMethod, DescService } from "@bufbuild/protobuf";
import { Control } from "../../../../proto/gen/current/control_pb.ts";
import { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { Runtime } from "../../../../proto/gen/current/runtime_pb.ts";
import { Driver } from "../../../../proto/gen/flwr-1.9/driver_pb.ts";
import { Fleet as Fleet19 } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import { legacyRequestBytes } from "../../flwr-1.9/server/request_bytes.ts";
import { controlRequestBytes } from "./control_request_bytes.ts";
import { fleetRequestBytes } from "./fleet_request_bytes.ts";
import { runtimeRequestBytes } from "./runtime_request_bytes.ts";

/** The methods of each API that may have large requests, by the words of the threat model. */
const LARGE: readonly [DescService, (method: DescMethod) => number, readonly string[]][] = [
  [Fleet, fleetRequestBytes, ["PushMessages", "PushObject"]],
  [Fleet19, legacyRequestBytes, ["PushTaskRes"]],
  [Driver, legacyRequestBytes, ["PullTaskRes", "PushTaskIns"]],
  [Control, controlRequestBytes, ["PushAttachment", "StartRun"]],
  [
    Runtime,
    runtimeRequestBytes,
    ["PullMessages", "PushArtifact", "PushLogs", "PushMessages", "PushObject", "PushTaskOutput"],
  ],
];

for (const [service, bytesOf, large] of LARGE) {
  Deno.test(`requests of ${service} are small, but for those that carry something`, () => {
    const larger = service.methods.filter((method) => bytesOf(method) > 64 * 1024);
    assert.deepEqual(larger.map(({ name }) => name).sort(), large);
  });
}
