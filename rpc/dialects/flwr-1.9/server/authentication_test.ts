import assert from "node:assert/strict";
import {
  AUTH_TOKEN_HEADER,
  encodePublicKeyHeader,
  PUBLIC_KEY_HEADER,
} from "../../../../auth/header.ts";
import { KeyList } from "../../../../auth/key_list.ts";
import { PrivateKey } from "../../../../auth/private_key.ts";
import type { PublicKey } from "../../../../auth/public_key.ts";
import { RateLimiter } from "../../../../auth/rate_limiter.ts";
import { TokenKeys } from "../../../../auth/token_keys.ts";
import { FakeClock } from "../../../../base/clock.ts";
import { seededRandom } from "../../../../base/random.ts";
import { createLink } from "../../../../link/create_link.ts";
import { MemoryStore } from "../../../../link/store/memory.ts";
import type { CallHead } from "../../../call.ts";
import { messageObject } from "../../../objects/message.ts";
import { fleetAuthentication } from "./authentication.ts";
import type { NodeDenial } from "../../admission.ts";

const own = await PrivateKey.generate("P-256");

/** Creates the head of a call with this key. */
function callOf(key: PublicKey, method = "CreateNode", token?: string): CallHead {
  const headers: Record<string, string | undefined> = {
    [PUBLIC_KEY_HEADER]: encodePublicKeyHeader(key),
    [AUTH_TOKEN_HEADER]: token,
  };
  return {
    transport: "grpc",
    method: `/flwr.proto.Fleet/${method}`,
    peer: "127.0.0.1:1",
    header: (name) => headers[name],
    headerBytes: () => undefined,
  };
}

Deno.test("only listed and registered keys are admitted", async () => {
  const clock = new FakeClock();
  const store = new MemoryStore();
  const link = await createLink({ store, clock, random: seededRandom(1), messageObject });
  const [listed, registered, joined, stranger, expelled] = await Promise.all(
    Array.from({ length: 5 }, async () => (await PrivateKey.generate("P-256")).publicKey),
  ) as [PublicKey, PublicKey, PublicKey, PublicKey, PublicKey];
  await link.nodes.register({ publicKey: registered.spki });
  await link.nodes.create({ publicKey: joined.spki, heartbeatInterval: 30 });
  const { nodeId } = await link.nodes.register({ publicKey: expelled.spki });
  await link.nodes.unregister(nodeId);
  const denials: NodeDenial[] = [];
  const { admit } = fleetAuthentication({
    link,
    ownKey: own.publicKey,
    tokenKeys: new TokenKeys(own),
    admitted: () => new KeyList([listed, expelled]),
    revoked: () => new AbortController().signal,
    joinLimiter: new RateLimiter({ burst: 1, perSecond: 1, clock }),
    onDenied: (denial) => denials.push(denial),
  });
  for (const key of [listed, registered]) await admit!(callOf(key));
  // Calls for nodes need a key that has joined, and a token for the request.
  for (const call of [callOf(listed, "PushTaskRes", "a token"), callOf(listed, "PushTaskRes")]) {
    await assert.rejects(async () => await admit!(call), /^FlwrError: Access denied$/);
  }
  assert.deepEqual(denials.splice(0).map(({ code }) => code), [
    "not-joined",
    "signature-missing",
  ]);
  await link.nodes.create({ publicKey: registered.spki, heartbeatInterval: 30 });
  await admit!(callOf(registered, "PushTaskRes", "a token"));
  for (const key of [joined, stranger, expelled]) {
    await assert.rejects(async () => await admit!(callOf(key)), /^FlwrError: Access denied$/);
  }
  assert.deepEqual(denials.map(({ fingerprint, code }) => [fingerprint, code]), [
    [joined.fingerprint, "key-unknown"],
    [stranger.fingerprint, "key-unknown"],
    [expelled.fingerprint, "node-unregistered"],
  ]);
  await link.close();
});
