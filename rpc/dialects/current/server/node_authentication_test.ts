import assert from "node:assert/strict";
import type { DescMethod, MessageInitShape } from "@bufbuild/protobuf";
import { CURVES } from "../../../../auth/curve.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import { FlwrError } from "../../../../base/error.ts";
import { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { ApiError, type ApiErrorName } from "../../../api_error.ts";
import type { RequestHeaders } from "../../../channel.ts";
import { NodeCredentials } from "../client/node_credentials.ts";
import {
  PUBLIC_KEY_HEADER,
  SESSION_HEADER,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from "../headers.ts";
import { isRetryable } from "../../../retry.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { FleetStage } from "../testing/fleet_stage.ts";

const denied = (error: unknown) => {
  assert.ok(error instanceof FlwrError && !(error instanceof ApiError), String(error));
  assert.equal(error.message, "Invalid SuperNode authentication");
  return error.code === "unauthenticated";
};

const refused = (api: ApiErrorName) => (error: unknown) =>
  error instanceof ApiError && error.api === api;

/** A key, and calls with its headers or others. */
class Holder {
  readonly credentials: NodeCredentials;
  readonly #stage: FleetStage;

  constructor(stage: FleetStage, readonly key: PrivateKey, session?: string) {
    this.#stage = stage;
    this.credentials = new NodeCredentials(key, stage.clock, session);
  }

  static async start(stage: FleetStage): Promise<Holder> {
    return new Holder(stage, await PrivateKey.generate("P-256"));
  }

  async call<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    headers?: RequestHeaders,
  ) {
    const given = headers ?? await this.credentials.headers();
    const { response } = await this.#stage.channel().call(method, request, {
      metadata: () => Promise.resolve(given),
    });
    return response;
  }

  async join(): Promise<bigint> {
    const { publicKey } = this.credentials;
    const request = { publicKey, heartbeatInterval: 30 };
    return (await this.call(Fleet.method.activateNode, request)).nodeId;
  }

  heartbeat(nodeId: bigint, headers?: RequestHeaders) {
    const request = { node: { nodeId }, heartbeatInterval: 30 };
    return this.call(Fleet.method.sendNodeHeartbeat, request, headers);
  }
}

for (const { curve } of CURVES) {
  Deno.test(`a node with a ${curve} key joins, and its calls are accepted`, async () => {
    await using stage = await FleetStage.start();
    const holder = new Holder(stage, await PrivateKey.generate(curve));
    assert.equal((await holder.heartbeat(await holder.join())).success, true);
  });
}

Deno.test("even without authentication every call must be signed with the key that it names", async () => {
  await using stage = await FleetStage.start();
  const [holder, other] = [await Holder.start(stage), await Holder.start(stage)];
  const nodeId = await holder.join();
  const fresh = () => holder.credentials.headers();
  const without = async (name: string) => {
    const { [name]: _, ...rest } = await fresh();
    return rest;
  };
  const foreign = await other.credentials.headers();
  for (
    const headers of [
      {},
      await without(PUBLIC_KEY_HEADER),
      await without(SIGNATURE_HEADER),
      await without(TIMESTAMP_HEADER),
      { ...await fresh(), [SIGNATURE_HEADER]: foreign[SIGNATURE_HEADER]! },
      { ...await fresh(), [TIMESTAMP_HEADER]: foreign[TIMESTAMP_HEADER]! },
      { ...await fresh(), [PUBLIC_KEY_HEADER]: other.credentials.publicKey },
      { ...await fresh(), [PUBLIC_KEY_HEADER]: new Uint8Array(10) },
      { ...await fresh(), [SIGNATURE_HEADER]: new Uint8Array() },
    ]
  ) await assert.rejects(holder.heartbeat(nodeId, headers), denied);
  assert.equal((await holder.heartbeat(nodeId)).success, true);
  assert.ok(stage.denials.every(({ method }) => method.endsWith("/SendNodeHeartbeat")));
  assert.ok(
    stage.denials.some(({ fingerprint }) => fingerprint === holder.credentials.fingerprint),
  );
});

Deno.test("a signature is accepted once, for any call, while its time is valid", async () => {
  await using stage = await FleetStage.start();
  const holder = await Holder.start(stage);
  const nodeId = await holder.join();
  const headers = await holder.credentials.headers();
  await holder.heartbeat(nodeId, headers);
  await assert.rejects(holder.heartbeat(nodeId, headers), denied);
  await assert.rejects(
    holder.call(Fleet.method.deactivateNode, { nodeId }, headers),
    denied,
  );
  await stage.clock.advance(300);
  await assert.rejects(holder.heartbeat(nodeId, headers), denied);
  await stage.clock.advance(10);
  await assert.rejects(holder.heartbeat(nodeId, headers), refused("clock-off"));
  assert.equal(stage.denials[0]!.code, "replayed");
  assert.equal(stage.denials.at(-1)!.code, "clock-off");
  assert.match(stage.denials.at(-1)!.reason, /310\.0 s behind/);
});

Deno.test("everything but the request's content is checked by its headers", async () => {
  await using stage = await FleetStage.start({ knownKeysOnly: true });
  const [holder, thief] = [await Holder.start(stage), await Holder.start(stage)];
  stage.list(holder.key.publicKey);
  const admit = async (headers: RequestHeaders) => {
    const { admit, desc } = stage.binding.methods.find(({ desc }) => desc.name === "PushObject")!;
    await admit!({
      transport: "http",
      method: `/${desc.parent.typeName}/${desc.name}`,
      peer: "192.0.2.1:1",
      header: (name) => typeof headers[name] === "string" ? headers[name] : undefined,
      headerBytes: (name) => typeof headers[name] === "string" ? undefined : headers[name],
    });
  };
  const good = await holder.credentials.headers();
  await admit(good);
  await assert.rejects(admit(good), denied, "it was used");
  const named = { [PUBLIC_KEY_HEADER]: holder.credentials.publicKey };
  await assert.rejects(admit({ ...await thief.credentials.headers(), ...named }), denied);
  await assert.rejects(admit(named), denied);
  const late = await holder.credentials.headers();
  await stage.clock.advance(305);
  await assert.rejects(admit(late), refused("clock-off"));
});

Deno.test("a request can act only for the key's own node", async () => {
  await using stage = await FleetStage.start();
  const [holder, other] = [await Holder.start(stage), await Holder.start(stage)];
  const [nodeId, otherId] = [await holder.join(), await other.join()];
  const node = { nodeId: otherId };
  for (
    const act of [
      () => holder.call(Fleet.method.deactivateNode, node),
      () => holder.call(Fleet.method.unregisterNode, node),
      () => holder.call(Fleet.method.sendNodeHeartbeat, { node, heartbeatInterval: 30 }),
      () => holder.call(Fleet.method.pullMessages, { node }),
      () => holder.call(Fleet.method.pullMessages, {}),
      () => holder.call(Fleet.method.getRun, { node }),
      () => holder.call(Fleet.method.getFab, { node }),
      () => holder.call(Fleet.method.pushObject, { node }),
      () => holder.call(Fleet.method.pullObject, { node }),
      () => holder.call(Fleet.method.confirmMessageReceived, { node }),
      () => holder.call(Fleet.method.pushMessages, { node }),
      () =>
        holder.call(Fleet.method.pushMessages, {
          node: { nodeId },
          messagesList: [
            { metadata: { srcNodeId: nodeId }, content: {} },
            { metadata: { srcNodeId: otherId }, content: {} },
          ],
        }),
      () => holder.call(Fleet.method.pushMessages, { node: { nodeId }, messagesList: [{}] }),
      () =>
        holder.call(Fleet.method.activateNode, {
          publicKey: other.credentials.publicKey,
          heartbeatInterval: 30,
        }),
      () => holder.call(Fleet.method.registerNode, { publicKey: other.credentials.publicKey }),
    ]
  ) await assert.rejects(act, denied, act.toString());
  assert.equal((await other.heartbeat(otherId)).success, true, "the other is not affected");
});

Deno.test("a key that never joined can act for no node", async () => {
  await using stage = await FleetStage.start();
  const [holder, stranger] = [await Holder.start(stage), await Holder.start(stage)];
  const nodeId = await holder.join();
  await assert.rejects(stranger.heartbeat(nodeId), denied);
  assert.equal(stage.denials[0]!.code, "not-joined");
});

Deno.test("a SuperLink with node authentication refuses unknown keys with Flower's numbers", async () => {
  await using stage = await FleetStage.start({ knownKeysOnly: true });
  const stranger = await Holder.start(stage);
  const { publicKey } = stranger.credentials;
  await assert.rejects(
    stranger.call(Fleet.method.registerNode, { publicKey }),
    refused("registration-by-node-refused"),
  );
  await assert.rejects(stranger.join(), refused("public-key-invalid"));
  await assert.rejects(stranger.heartbeat(7n), denied);
  assert.equal(stage.denials.length, 3);
});

Deno.test("listed and registered keys can join, and neither can register or unregister itself", async () => {
  await using stage = await FleetStage.start({ knownKeysOnly: true });
  const [listed, registered] = [await Holder.start(stage), await Holder.start(stage)];
  stage.list(listed.key.publicKey);
  await stage.link.nodes.register({ publicKey: registered.key.publicKey.spki });
  for (const holder of [listed, registered]) {
    const nodeId = await holder.join();
    assert.equal((await holder.heartbeat(nodeId)).success, true);
    await assert.rejects(
      holder.call(Fleet.method.registerNode, { publicKey: holder.credentials.publicKey }),
      refused("registration-by-node-refused"),
    );
    await assert.rejects(
      holder.call(Fleet.method.unregisterNode, { nodeId }),
      refused("unregistration-by-node-refused"),
    );
  }
});

Deno.test("a key removed from the list is refused at once, also during a pull, and may return", async () => {
  await using stage = await FleetStage.start({ knownKeysOnly: true });
  const holder = await Holder.start(stage);
  stage.list(holder.key.publicKey);
  const nodeId = await holder.join();
  const held = assert.rejects(
    holder.call(Fleet.method.pullMessages, { node: { nodeId } }),
    denied,
  );
  await stage.pulling;
  stage.list();
  await held;
  await assert.rejects(holder.heartbeat(nodeId), denied);
  await assert.rejects(holder.join(), refused("public-key-invalid"));
  stage.list(holder.key.publicKey);
  assert.equal(await holder.join(), nodeId);
});

Deno.test("an unregistered node is refused at once, also during a pull, permanently", async () => {
  await using stage = await FleetStage.start({ knownKeysOnly: true });
  const holder = await Holder.start(stage);
  stage.list(holder.key.publicKey);
  const nodeId = await holder.join();
  const held = assert.rejects(
    holder.call(Fleet.method.pullMessages, { node: { nodeId } }),
    denied,
  );
  await stage.pulling;
  await stage.link.nodes.unregister(nodeId);
  await held;
  await assert.rejects(holder.heartbeat(nodeId), denied);
  await assert.rejects(holder.join(), refused("public-key-invalid"));
});

Deno.test("a key that joins too often must wait", async () => {
  await using stage = await FleetStage.start();
  const holder = await Holder.start(stage);
  const join = async () => {
    try {
      return await holder.join();
    } catch (error) {
      return FlwrError.from(error).code;
    }
  };
  const outcomes = [];
  for (let time = 0; time < 6; time++) outcomes.push(await join());
  assert.deepEqual(outcomes.slice(0, 5), new Array(5).fill(outcomes[0]));
  assert.equal(outcomes[5], "unavailable", "a node tries again after that");
  await stage.clock.advance(1);
  assert.equal(await join(), outcomes[0]);
});

Deno.test("of two programs with one key, the one that joined last is the node", async () => {
  await using stage = await FleetStage.start();
  const older = await Holder.start(stage);
  const newer = new Holder(stage, older.key, "b".repeat(32));
  const nodeId = await older.join();
  assert.equal((await older.heartbeat(nodeId)).success, true);
  assert.equal(await newer.join(), nodeId);

  const superseded = refused("node-superseded");
  await assert.rejects(older.heartbeat(nodeId), superseded);
  await assert.rejects(older.call(Fleet.method.pullMessages, { node: { nodeId } }), superseded);
  await assert.rejects(
    older.call(Fleet.method.deactivateNode, { nodeId }),
    superseded,
    "it cannot put the newer one offline",
  );
  assert.equal((await newer.heartbeat(nodeId)).success, true);
  // Also after a restart of the SuperLink, and at another SuperLink on the same store: it is stored with the node.
  assert.equal((await stage.link.nodes.list())[0]?.session, "b".repeat(32));
});

Deno.test("of Flower's programs, which send no session id, the one that joined last is accepted", async () => {
  await using stage = await FleetStage.start();
  const ours = await Holder.start(stage);
  const nodeId = await ours.join();
  const python = async () => {
    const { [SESSION_HEADER]: _, ...headers } = await ours.credentials.headers();
    return headers;
  };
  await assert.rejects(ours.heartbeat(nodeId, await python()), refused("node-superseded"));
  const { publicKey } = ours.credentials;
  const joining = { publicKey, heartbeatInterval: 30 };
  await ours.call(Fleet.method.activateNode, joining, await python());
  assert.equal((await ours.heartbeat(nodeId, await python())).success, true);
  await assert.rejects(ours.heartbeat(nodeId), refused("node-superseded"));
});

Deno.test("only the holder of an admitted key learns that its clock is off", async () => {
  await using stage = await FleetStage.start();
  const holder = await Holder.start(stage);
  const nodeId = await holder.join();
  const ahead = new FakeClock(stage.clock.now() + 8);
  const signed = await new NodeCredentials(holder.key, ahead).headers();
  await assert.rejects(holder.heartbeat(nodeId, signed), (error) => {
    assert.ok(error instanceof ApiError && error.api === "clock-off");
    return /8\.0 s ahead/.test(error.message) && isRetryable(error);
  });
  const stranger = await Holder.start(stage);
  const forged = {
    ...await new NodeCredentials(stranger.key, ahead).headers(),
    [PUBLIC_KEY_HEADER]: holder.credentials.publicKey,
  };
  await assert.rejects(holder.heartbeat(nodeId, forged), denied);
});
