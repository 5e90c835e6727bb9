/** Policy of the Fleet API: every call with every kind of credentials, over both transports. */
import assert from "node:assert/strict";
import type { DescMethod } from "@bufbuild/protobuf";
import { PrivateKey } from "../../../auth/private_key.ts";
import { MAX_AGE_SECONDS, MAX_LEAD_SECONDS } from "../../../auth/signed_time.ts";
import { Fleet } from "../../../proto/gen/current/fleet_pb.ts";
import { Fleet as OlderFleet } from "../../../proto/gen/flwr-1.15/fleet_pb.ts";
import type { Transport } from "../../../rpc/call.ts";
import { TIMESTAMP_HEADER } from "../../../rpc/dialects/current/headers.ts";
import {
  headersOf,
  malleated,
  pemBytes,
  type RawHeaders,
  type Shown,
  shown,
} from "./credentials.ts";
import { CurrentSuperLink, HEARTBEAT_SECONDS, instruct, type Member } from "./superlink.ts";
import { bytesOf, openWire } from "./wire.ts";

/** Outcome of a call: HTTP status with Flower's number, and gRPC status. */
type Outcome = Readonly<Record<Transport, string>>;

const OK: Outcome = { http: "200", grpc: "OK" };
const DENIED: Outcome = { http: "401", grpc: "UNAUTHENTICATED" };
const MALFORMED: Outcome = { http: "400/1003", grpc: "INTERNAL" };
const NOT_RUNNING: Outcome = { http: "403/2007", grpc: "PERMISSION_DENIED" };
const UNKNOWN_RUN: Outcome = { http: "403/2008", grpc: "PERMISSION_DENIED" };
const KEY_INVALID: Outcome = { http: "412/22", grpc: "INVALID_ARGUMENT" };
const NO_SELF_REGISTRATION: Outcome = { http: "412/2001", grpc: "FAILED_PRECONDITION" };
const NO_SELF_UNREGISTRATION: Outcome = { http: "412/2002", grpc: "FAILED_PRECONDITION" };
const BAD_REQUEST: Outcome = { http: "400/3013", grpc: "INVALID_ARGUMENT" };

/** Node and run of a request. */
interface Named {
  readonly nodeId: bigint;
  readonly publicKey: Uint8Array;
  readonly runId: bigint;
  readonly fabHash: string;
}

/** Expected outcomes of a call. */
interface Row {
  /** Creates a node's own request. */
  readonly request: (named: Named) => Uint8Array;
  /** Outcome for the node itself. */
  readonly right: Outcome;
  /** Outcome for an unregistered key. */
  readonly unknown?: Outcome;
  /** Whether only the key identifies the node. */
  readonly namesNobody?: true;
  /** Outcome for an unknown run; undefined if the call has no run. */
  readonly otherRun?: Outcome;
}

const { method } = Fleet;
const { method: older } = OlderFleet;
const OBJECT = "0".repeat(64);

/** Every call of the Fleet API. */
const ROWS: Readonly<Record<string, Row>> = {
  RegisterNode: {
    request: ({ publicKey }) => bytesOf(method.registerNode, { publicKey }),
    right: NO_SELF_REGISTRATION,
    unknown: NO_SELF_REGISTRATION,
  },
  ActivateNode: {
    request: ({ publicKey }) =>
      bytesOf(method.activateNode, { publicKey, heartbeatInterval: HEARTBEAT_SECONDS }),
    right: OK,
    unknown: KEY_INVALID,
  },
  DeactivateNode: {
    request: ({ nodeId }) => bytesOf(method.deactivateNode, { nodeId }),
    right: OK,
  },
  UnregisterNode: {
    request: ({ nodeId }) => bytesOf(method.unregisterNode, { nodeId }),
    right: NO_SELF_UNREGISTRATION,
  },
  SendNodeHeartbeat: {
    request: ({ nodeId }) =>
      bytesOf(method.sendNodeHeartbeat, {
        node: { nodeId },
        heartbeatInterval: HEARTBEAT_SECONDS,
      }),
    right: OK,
  },
  PullMessages: {
    request: ({ nodeId }) => bytesOf(method.pullMessages, { node: { nodeId } }),
    right: OK,
  },
  PushMessages: {
    request: ({ nodeId }) => bytesOf(method.pushMessages, { node: { nodeId } }),
    right: BAD_REQUEST,
  },
  GetRun: {
    request: ({ nodeId, runId }) => bytesOf(method.getRun, { node: { nodeId }, runId }),
    right: OK,
    otherRun: UNKNOWN_RUN,
  },
  GetFab: {
    request: ({ nodeId, runId, fabHash: hashStr }) =>
      bytesOf(method.getFab, { node: { nodeId }, runId, hashStr }),
    right: OK,
    otherRun: NOT_RUNNING,
  },
  PushObject: {
    request: ({ nodeId, runId }) =>
      bytesOf(method.pushObject, { node: { nodeId }, runId, objectId: OBJECT }),
    right: OK,
    otherRun: NOT_RUNNING,
  },
  PullObject: {
    request: ({ nodeId, runId }) =>
      bytesOf(method.pullObject, { node: { nodeId }, runId, objectId: OBJECT }),
    right: OK,
    otherRun: NOT_RUNNING,
  },
  ConfirmMessageReceived: {
    request: ({ nodeId, runId }) =>
      bytesOf(method.confirmMessageReceived, { node: { nodeId }, runId, messageObjectId: OBJECT }),
    right: OK,
    otherRun: NOT_RUNNING,
  },
};

/** Calls of Flower 1.15 to 1.22 that the current API does not have; gRPC only. */
const OLDER_ROWS: Readonly<Record<string, Row>> = {
  CreateNode: {
    request: () => bytesOf(older.createNode, { heartbeatInterval: HEARTBEAT_SECONDS }),
    right: OK,
    namesNobody: true,
  },
  DeleteNode: {
    request: ({ nodeId }) => bytesOf(older.deleteNode, { node: { nodeId } }),
    right: OK,
  },
  Ping: {
    request: ({ nodeId }) =>
      bytesOf(older.ping, { node: { nodeId }, pingInterval: HEARTBEAT_SECONDS }),
    right: OK,
  },
};

/** Invalid credentials of a registered node. None is admitted, whatever the call is. */
const FORGED: Readonly<Record<string, (member: Member) => Promise<RawHeaders>>> = {
  "no credentials": () => Promise.resolve([]),
  "no signature": async ({ key }) => headersOf(await shown(key)).slice(0, 2),
  "no time": async ({ key }) =>
    headersOf(await shown(key)).filter(([name]) => name !== TIMESTAMP_HEADER),
  "a signature of another key": async ({ key }) =>
    headersOf({ ...await shown(await PrivateKey.generate("P-384")), publicKey: pemBytes(key) }),
  "a signature on another curve": async ({ key }) =>
    headersOf({ ...await shown(await PrivateKey.generate("P-256")), publicKey: pemBytes(key) }),
  "a signature of another time": async ({ key }) => {
    const [one, other] = [await shown(key), await shown(key)];
    return headersOf({ ...one, timestamp: other.timestamp });
  },
  "truncated DER": async ({ key }) => {
    const right = await shown(key);
    return headersOf({ ...right, signature: right.signature.slice(0, -1) });
  },
  "DER with a byte behind it": async ({ key }) => {
    const right = await shown(key);
    return headersOf({ ...right, signature: Uint8Array.from([...right.signature, 0]) });
  },
  "DER with a third number": async ({ key }) => {
    const right = await shown(key);
    const [tag, length, ...numbers] = right.signature;
    const signature = Uint8Array.from([tag!, length! + 3, ...numbers, 2, 1, 0]);
    return headersOf({ ...right, signature });
  },
  "an empty signature": async ({ key }) =>
    headersOf({ ...await shown(key), signature: new Uint8Array() }),
  "a time that is over": async ({ key }) => headersOf(await shown(key, -MAX_AGE_SECONDS - 1)),
  "a time to come": async ({ key }) => headersOf(await shown(key, MAX_LEAD_SECONDS + 5)),
  "a time without an offset": async ({ key }) => {
    const timestamp = new Date().toISOString().slice(0, -1);
    const signature = await key.sign(new TextEncoder().encode(timestamp));
    return headersOf({ publicKey: pemBytes(key), timestamp, signature });
  },
  "each header twice": async ({ key }) => {
    const headers = headersOf(await shown(key));
    return headers.flatMap((header) => [header, header]);
  },
  "the right headers behind a stranger's": async ({ key }) => [
    ...headersOf(await shown(await PrivateKey.generate("P-384"))),
    ...headersOf(await shown(key)),
  ],
  "the right headers before a stranger's": async ({ key }) => [
    ...headersOf(await shown(key)),
    ...headersOf(await shown(await PrivateKey.generate("P-384"))),
  ],
};

/** Only the holder of an admitted key learns that its clock is wrong. */
const CLOCK_OFF: Readonly<Record<string, Outcome>> = {
  "a time that is over": { http: "401/9002", grpc: "UNAUTHENTICATED" },
  "a time to come": { http: "401/9002", grpc: "UNAUTHENTICATED" },
};

const GARBAGE = new Uint8Array(32).fill(0xff);

Deno.test("every call of the Fleet API has a row in the test's table", () => {
  assert.deepEqual(Object.keys(ROWS), Fleet.methods.map(({ name }) => name));
  const names = OlderFleet.methods.map(({ name }) => name);
  assert.deepEqual(Object.keys(OLDER_ROWS), names.filter((name) => !Object.hasOwn(ROWS, name)));
});

for (const transport of ["http", "grpc"] as const) {
  Deno.test(`Fleet over ${transport}: every call × every kind of credentials`, async (t) => {
    await using superLink = await CurrentSuperLink.start();
    using wire = openWire(transport, superLink.fleet(transport), superLink.authority);
    const task = await superLink.task();
    const [stranger, other] = [await PrivateKey.generate("P-384"), await superLink.member()];
    const olderMethods = OlderFleet.methods.filter(({ name }) =>
      transport === "grpc" && Object.hasOwn(OLDER_ROWS, name)
    );
    for (const desc of [...Fleet.methods, ...olderMethods]) {
      await t.step(desc.name, async () => {
        const row = ROWS[desc.name] ?? OLDER_ROWS[desc.name]!;
        const member = await superLink.member();
        await instruct(task, member.nodeId);
        const own = named(superLink, member, task.runId);
        const call = async (body: Uint8Array, headers: RawHeaders) =>
          await wire.outcome(desc, body, headers);
        const body = row.request(own);

        for (const [what, forge] of Object.entries(FORGED)) {
          const denied = what in CLOCK_OFF ? CLOCK_OFF[what]! : DENIED;
          assert.equal(await call(body, await forge(member)), denied[transport], what);
        }
        const asStranger = row.request({ ...own, publicKey: pemBytes(stranger) });
        assert.equal(
          await call(asStranger, headersOf(await shown(stranger))),
          (row.unknown ?? DENIED)[transport],
          "a key that nobody registered",
        );
        if (!row.namesNobody) {
          const forOther = row.request(named(superLink, other, task.runId));
          assert.equal(
            await call(forOther, headersOf(await shown(member.key))),
            DENIED[transport],
            "in the name of another node",
          );
        }
        assert.equal(
          await call(GARBAGE, headersOf(await shown(member.key))),
          MALFORMED[transport],
          "bytes that are no request",
        );
        if (!row.namesNobody) {
          await assertEmptyIsHarmless(
            desc,
            async (empty) => await call(empty, headersOf(await shown(member.key))),
          );
        }
        if (row.otherRun !== undefined) {
          assert.equal(
            await call(row.request({ ...own, runId: 12345n }), headersOf(await shown(member.key))),
            row.otherRun[transport],
            "for another run",
          );
        }
        const credentials = await shown(member.key);
        assert.equal(await call(body, headersOf(credentials)), row.right[transport], "its own");
        await assertSpent(credentials, async (headers) => await call(body, headers), transport);
      });
    }
  });
}

/** An empty request names no node and no key (T8). That includes empty lists. */
async function assertEmptyIsHarmless(
  { name }: DescMethod,
  call: (body: Uint8Array) => Promise<string>,
): Promise<void> {
  const outcome = await call(new Uint8Array());
  assert.ok(["401", "UNAUTHENTICATED"].includes(outcome), `${name} without a word: ${outcome}`);
}

/** Credentials are accepted once, in whatever encoding. */
async function assertSpent(
  credentials: Shown,
  call: (headers: RawHeaders) => Promise<string>,
  transport: Transport,
): Promise<void> {
  assert.equal(await call(headersOf(credentials)), DENIED[transport], "a replayed signature");
  const twin = { ...credentials, signature: malleated(credentials.signature) };
  assert.equal(await call(headersOf(twin)), DENIED[transport], "r and n − s of a signature");
}

function named({ fabHash }: CurrentSuperLink, { key, nodeId }: Member, runId: bigint): Named {
  return { nodeId, runId, fabHash, publicKey: pemBytes(key) };
}

for (const transport of ["http", "grpc"] as const) {
  Deno.test(`Fleet over ${transport}: times at the edges of the window are accepted`, async () => {
    await using superLink = await CurrentSuperLink.start();
    using wire = openWire(transport, superLink.fleet(transport), superLink.authority);
    const { key, nodeId } = await superLink.member();
    const request = { node: { nodeId }, heartbeatInterval: HEARTBEAT_SECONDS };
    const beat = async (at: number) =>
      await wire.outcome(
        method.sendNodeHeartbeat,
        bytesOf(method.sendNodeHeartbeat, request),
        headersOf(await shown(key, at)),
      );
    for (const at of [-MAX_AGE_SECONDS + 10, -1, 0, MAX_LEAD_SECONDS - 1]) {
      assert.equal(await beat(at), OK[transport], `${at} s`);
    }
    // r ‖ n − s is accepted, too, if it comes first.
    const right = await shown(key);
    const twin = headersOf({ ...right, signature: malleated(right.signature) });
    const body = bytesOf(method.sendNodeHeartbeat, request);
    assert.equal(await wire.outcome(method.sendNodeHeartbeat, body, twin), OK[transport]);
    assert.equal(
      await wire.outcome(method.sendNodeHeartbeat, body, headersOf(right)),
      DENIED[transport],
    );
  });
}
