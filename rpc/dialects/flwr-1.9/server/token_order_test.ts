import assert from "node:assert/strict";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  AUTH_TOKEN_HEADER,
  encodePublicKeyHeader,
  PUBLIC_KEY_HEADER,
} from "../../../../auth/header.ts";
import { KeyList } from "../../../../auth/key_list.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import { RateLimiter } from "../../../../auth/rate_limiter.ts";
import { TokenKey } from "../../../../auth/token_key.ts";
import { TokenKeys } from "../../../../auth/token_keys.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import { seededRandom } from "../../../../base/random.ts";
import { createLink } from "../../../../link/create_link.ts";
import { MemoryStore } from "../../../../link/store/memory.ts";
import { Fleet, PushTaskResRequestSchema } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import { answerUnary, UndecodableRequest } from "../../../answer.ts";
import { ApiError } from "../../../api_error.ts";
import type { OpenCall } from "../../../call.ts";
import { MAX_REQUEST_UNITS } from "../../../limits.ts";
import { messageObject } from "../../../objects/message.ts";
import { bindService, type ServiceHandlers } from "../../../service.ts";
import { canonicalBytes } from "../canonical.ts";
import { nodeToWire } from "../node_id.ts";
import { fleetAuthentication } from "./authentication.ts";
import type { FleetCaller } from "./caller.ts";

const METHOD = Fleet.method.pushTaskRes;

/** A SuperLink with one node, which pushes a result whose token is over bytes other than the request's. */
async function withNode(
  run: (
    stage: {
      /** Pushes, and counts the handled results. */
      push: (request: Uint8Array, signed: Uint8Array) => Promise<number>;
      request: Uint8Array;
    },
  ) => Promise<void>,
): Promise<void> {
  const clock = new FakeClock();
  const link = await createLink({
    store: new MemoryStore(),
    clock,
    random: seededRandom(1),
    messageObject,
  });
  const [own, node] = [await PrivateKey.generate("P-256"), await PrivateKey.generate("P-256")];
  const { nodeId } = await link.nodes.create({
    publicKey: node.publicKey.spki,
    heartbeatInterval: 30,
  });
  const tokenKey = await TokenKey.derive(node, own.publicKey);
  let handled = 0;
  const pushTaskRes: ServiceHandlers<typeof Fleet, FleetCaller>["pushTaskRes"] = (
    { taskResList },
  ) => {
    handled += taskResList.length;
    return Promise.resolve({});
  };
  const binding = bindService(Fleet, {
    ...fleetAuthentication({
      link,
      ownKey: own.publicKey,
      tokenKeys: new TokenKeys(own),
      admitted: () => new KeyList([node.publicKey]),
      revoked: () => new AbortController().signal,
      joinLimiter: new RateLimiter({ burst: 1, perSecond: 1, clock }),
      onDenied: () => {},
    }),
    handlers: { pushTaskRes } as ServiceHandlers<typeof Fleet, FleetCaller>,
  });
  const method = binding.methods.find(({ desc }) => desc === METHOD)!;
  const push = async (request: Uint8Array, signed: Uint8Array) => {
    handled = 0;
    const headers: Record<string, string> = {
      [PUBLIC_KEY_HEADER]: encodePublicKeyHeader(node.publicKey),
      [AUTH_TOKEN_HEADER]: await tokenKey.sign(signed),
    };
    const call: OpenCall = {
      transport: "grpc",
      method: "/flwr.proto.Fleet/PushTaskRes",
      peer: "127.0.0.1:1",
      header: (name) => headers[name],
      headerBytes: () => undefined,
      setHeader: () => {},
      signal: new AbortController().signal,
      delivered: Promise.resolve(true),
      reserve: () => Promise.resolve(),
    };
    await answerUnary(method, request, call);
    return handled;
  };
  const request = toBinary(
    PushTaskResRequestSchema,
    create(PushTaskResRequestSchema, {
      taskResList: [{ taskId: "a", task: { producer: nodeToWire(nodeId) } }],
    }),
  );
  await run({ push, request });
  await link.close();
}

const OTHER = Uint8Array.of(1);

const isDenied = (error: unknown) =>
  error instanceof FlwrError && !(error instanceof ApiError) && error.code === "unauthenticated";

/** A PushTaskResRequest with more empty results than may be decoded. */
const LARGE = new Uint8Array(MAX_REQUEST_UNITS + 2).map((_, place) => place % 2 === 0 ? 0x0a : 0);

Deno.test("a request is decoded only after its token was checked", async () => {
  await withNode(async ({ push, request }) => {
    // Equal bytes with different tokens: that they cannot be decoded must show after the token's check, not before.
    const malformed = request.subarray(0, -1);
    await assert.rejects(push(malformed, OTHER), isDenied);
    await assert.rejects(push(malformed, malformed), UndecodableRequest);
    assert.equal(await push(request, request), 1);
    await assert.rejects(push(request, OTHER), isDenied);
  });
});

Deno.test("a token is accepted over the signed form of a request, and over its original bytes", async () => {
  await withNode(async ({ push, request }) => {
    // The length of the first field takes two bytes where one would do.
    const loose = Uint8Array.of(request[0]!, request[1]! | 0x80, 0, ...request.subarray(2));
    const signed = canonicalBytes(METHOD.input, loose);
    assert.deepEqual(signed, request);
    assert.equal(await push(loose, signed), 1);
    assert.equal(await push(loose, loose), 1);
    await assert.rejects(push(loose, OTHER), isDenied);
  });
});

Deno.test("a request with too many fields is neither converted nor decoded", async () => {
  await withNode(async ({ push }) => {
    const tooMany = (error: unknown) =>
      error instanceof ApiError && error.api === "request-malformed";
    for (const signed of [LARGE, canonicalBytes(METHOD.input, LARGE), OTHER]) {
      await assert.rejects(push(LARGE, signed), tooMany);
    }
  });
});
