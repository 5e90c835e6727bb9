/** Restart of a SuperLink on its database: earlier signatures are refused, and no node must wait. */
import assert from "node:assert/strict";
import { PrivateKey } from "../../../auth/private_key.ts";
import { Fleet } from "../../../proto/gen/current/fleet_pb.ts";
import type { Transport } from "../../../rpc/call.ts";
import { TempDir } from "../../support/tempdir.ts";
import { headersOf, malleated, pemBytes, type RawHeaders, shown } from "./credentials.ts";
import { CurrentSuperLink, HEARTBEAT_SECONDS } from "./superlink.ts";
import { bytesOf, openWire } from "./wire.ts";

const { activateNode, sendNodeHeartbeat } = Fleet.method;
const heartbeatInterval = HEARTBEAT_SECONDS;

/** Error of a node's clock, in seconds. */
const BEHIND = -200;

/** A node with raw calls, for any SuperLink. */
class HandNode {
  constructor(
    readonly transport: Transport,
    readonly key: PrivateKey,
    readonly nodeId: bigint,
  ) {}

  static async join(superLink: CurrentSuperLink, transport: Transport, clock = 0) {
    const key = await PrivateKey.generate("P-384");
    const node = new HandNode(transport, key, await superLink.register(key));
    using wire = openWire(transport, superLink.fleet(transport), superLink.authority);
    const request = bytesOf(activateNode, { publicKey: pemBytes(key), heartbeatInterval });
    await wire.outcome(activateNode, request, headersOf(await shown(key, clock)));
    return node;
  }

  async beat(superLink: CurrentSuperLink, headers: RawHeaders): Promise<string> {
    const { transport, nodeId } = this;
    using wire = openWire(transport, superLink.fleet(transport), superLink.authority);
    const request = bytesOf(sendNodeHeartbeat, { node: { nodeId }, heartbeatInterval });
    return await wire.outcome(sendNodeHeartbeat, request, headers);
  }
}

for (const transport of ["http", "grpc"] as const) {
  const [taken, notYet, denied] = transport === "http"
    ? ["200", "503", "401"]
    : ["OK", "UNAVAILABLE", "UNAUTHENTICATED"];

  Deno.test(`over ${transport}, a signature from before a restart is refused after it, and the next one accepted`, async () => {
    await using folder = await TempDir.make();
    const database = `${folder.path}/link.db`;
    let node: HandNode, late: HandNode;
    const used: RawHeaders[] = [];
    {
      await using superLink = await CurrentSuperLink.start({ database });
      node = await HandNode.join(superLink, transport);
      late = await HandNode.join(superLink, transport, BEHIND);
      const first = await shown(node.key);
      used.push(headersOf(first));
      used.push(headersOf({ ...first, signature: malleated(first.signature) }));
      assert.equal(await node.beat(superLink, used[0]!), taken);
      for (const again of used) assert.equal(await node.beat(superLink, again), denied);
    }
    await using superLink = await CurrentSuperLink.start({ database });
    assert.equal(await node.beat(superLink, headersOf(await shown(node.key))), taken, "at once");
    for (const again of used) assert.equal(await node.beat(superLink, again), notYet);
    const signedLate = headersOf(await shown(late.key, BEHIND));
    assert.equal(await late.beat(superLink, signedLate), taken, "by its own clock");
    assert.equal(await late.beat(superLink, signedLate), denied);
  });
}
