import type { DescMethod } from "@bufbuild/protobuf";
import {
  AUTH_TOKEN_HEADER,
  decodePublicKeyHeader,
  encodePublicKeyHeader,
  PUBLIC_KEY_HEADER,
  readPublicKeyHeader,
} from "../../../../auth/header.ts";
import type { KeyList } from "../../../../auth/key_list.ts";
import type { PublicKey } from "../../../../auth/public_key.ts";
import type { RateLimiter } from "../../../../auth/rate_limiter.ts";
import type { TokenKeys } from "../../../../auth/token_keys.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import type { LinkNode } from "../../../../entities/node.ts";
import type { Fleet } from "../../../../proto/gen/flwr-1.9/fleet_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { AnonymousCall, CallHead } from "../../../call.ts";
import { refusalOf } from "../../../call_watch.ts";
import type { ServiceOptions } from "../../../service.ts";
import { requireFewParts } from "../../../codec.ts";
import { canonicalBytes } from "../canonical.ts";
import { nodeFromWire } from "../node_id.ts";
import { accessDenied } from "./access_denied.ts";
import type { FleetCaller } from "./caller.ts";
import { admissionFault, type DenialCode, type NodeDenial } from "../../admission.ts";
import { legacyRequestUnits, policyKey, policyOf } from "./policy.ts";

/** Options of {@link fleetAuthentication}. */
export interface FleetAuthenticationOptions {
  readonly link: Pick<Link, "nodes">;
  /** The SuperLink's own public key, which SuperNodes need for the shared secret. */
  readonly ownKey: PublicKey;
  readonly tokenKeys: TokenKeys;
  /** Returns the keys currently in the list. Registered keys are admitted too. */
  readonly admitted: () => KeyList;
  /** Returns a signal that is aborted when the given key is removed from the list. */
  readonly revoked: (key: PublicKey) => AbortSignal;
  /**
   * Limits how often one key may join and leave, because CreateNode is not authenticated in Flower 1.9 (threat T1b).
   */
  readonly joinLimiter: RateLimiter;
  /** Gets the reason of each refusal; the caller gets only "Access denied". */
  readonly onDenied: (denial: NodeDenial) => void;
}

/** An admitted key, and the node that joined with it. */
interface Holder {
  readonly publicKey: PublicKey;
  readonly node: LinkNode | undefined;
}

/** A refusal with its reason, before it becomes "Access denied". */
class LegacyNodeRefusal extends Error {
  constructor(
    readonly code: DenialCode,
    readonly reason: string,
    readonly fingerprint?: string,
  ) {
    super(reason);
  }
}

/**
 * Authenticates calls of the Fleet service as Flower 1.8 to 1.14 does:
 *
 * - The public key must be listed or registered. This is checked before any of the request is read.
 * - Every call but CreateNode carries an HMAC-SHA256 over the request's deterministic serialization, under a key that
 *   both sides derive with ECDH and HKDF. This is checked before the request is decoded.
 * - Every node id in the request must belong to the key.
 */
export function fleetAuthentication(
  options: FleetAuthenticationOptions,
): Pick<
  ServiceOptions<typeof Fleet, FleetCaller, Holder | undefined>,
  "admit" | "prove" | "authenticate" | "identifyingHeader"
> {
  const orDeny = async <T>(call: CallHead, attempt: () => Promise<T>): Promise<T> => {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof LegacyNodeRefusal)) throw error;
      const { code, reason, fingerprint } = error;
      options.onDenied({ method: call.method, peer: call.peer, code, reason, fingerprint });
      throw refusalOf(accessDenied(), { publicKey: { fingerprint } });
    }
  };
  return {
    identifyingHeader: PUBLIC_KEY_HEADER,
    admit: (call) => orDeny(call, () => admitHead(options, call)),
    prove: (call, method, bytes) => orDeny(call, () => proveHolder(options, call, method, bytes)),
    authenticate: (call, method, _bytes, request, holder) =>
      orDeny(call, () => identify(options, call, method, request, holder!)),
  };
}

/**
 * Checks the headers: that the key is admitted and, if the method needs a token, that there is one and that a node
 * has joined with the key. The token itself is checked with the request.
 */
async function admitHead(options: FleetAuthenticationOptions, call: CallHead): Promise<undefined> {
  const { admission } = policyOf(call.method.slice(1));
  const { publicKey, node } = await admittedHolder(options, call);
  if (admission === "key") return;
  tokenOf(call, publicKey);
  requireJoined(node, publicKey);
}

/** Checks the request's bytes: that the key's holder signed them, if the method is for nodes. */
async function proveHolder(
  options: FleetAuthenticationOptions,
  call: CallHead,
  method: DescMethod,
  requestBytes: Uint8Array,
): Promise<Holder> {
  const holder = await admittedHolder(options, call);
  if (policyOf(policyKey(method)).admission !== "key") {
    await verifyToken(call, method, requestBytes, holder.publicKey, options.tokenKeys);
  }
  return holder;
}

async function identify(
  options: FleetAuthenticationOptions,
  call: AnonymousCall,
  method: DescMethod,
  request: unknown,
  { publicKey, node }: Holder,
): Promise<FleetCaller> {
  const { link, ownKey, revoked, joinLimiter } = options;
  const { admission, claims } = policyOf(policyKey(method));
  const caller = { publicKey, revoked: revoked(publicKey) };
  if (admission === "key") {
    // Limited per address too: anyone who knows a node's public key can join in its name, but must not keep the node
    // itself out.
    const wait = joinLimiter.take(`${publicKey.fingerprint} ${hostOf(call.peer)}`);
    if (wait > 0) {
      throw new FlwrError(
        "unavailable",
        `This key joins too often: wait ${wait.toFixed(1)} s`,
      );
    }
    call.setHeader(PUBLIC_KEY_HEADER, encodePublicKeyHeader(ownKey));
    return caller;
  }
  requireJoined(node, publicKey);
  const claimed = claims(request as never).map(nodeFromWire);
  if (claimed.some((nodeId) => nodeId !== node.nodeId)) {
    throw new LegacyNodeRefusal(
      "other-node",
      `the request speaks for node ${claimed.find((id) => id !== node.nodeId) ?? "(none)"}, ` +
        `the key's is ${node.nodeId}`,
      publicKey.fingerprint,
    );
  }
  if (admission === "online-node" && !(await link.nodes.online()).includes(node.nodeId)) {
    throw new LegacyNodeRefusal("offline", `node ${node.nodeId} is offline`, publicKey.fingerprint);
  }
  return caller;
}

/** The host of "host:port". */
function hostOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(":"));
}

/** Returns the key of a call, if it is admitted, and the node that joined with it. */
async function admittedHolder(
  { link, admitted }: FleetAuthenticationOptions,
  call: CallHead,
): Promise<Holder> {
  const header = call.header(PUBLIC_KEY_HEADER);
  if (header === undefined) {
    throw new LegacyNodeRefusal("key-missing", "the call names no public key");
  }
  const listed = admitted().findByPem(decodePublicKeyHeader(header) ?? "");
  const publicKey = listed ?? await readPublicKeyHeader(header).catch(() => undefined);
  if (publicKey === undefined) {
    throw new LegacyNodeRefusal("key-invalid", "the public key is invalid or on another curve");
  }
  const node = await link.nodes.ofKey(publicKey.spki);
  const fault = admissionFault(node, listed !== undefined);
  if (fault !== undefined) {
    throw new LegacyNodeRefusal(fault.code, fault.reason, publicKey.fingerprint);
  }
  return { publicKey, node };
}

/**
 * Checks the token over a request that is not decoded yet. Most requests arrive as they were signed. Because Python
 * writes map entries in any order, other requests are first converted to the signed form, field by field, if they are
 * small enough to be decoded.
 *
 * @throws ApiError "request-malformed" for a request that is not in the signed form and has too many fields
 */
async function verifyToken(
  call: CallHead,
  method: DescMethod,
  requestBytes: Uint8Array,
  publicKey: PublicKey,
  tokenKeys: TokenKeys,
): Promise<void> {
  const token = tokenOf(call, publicKey);
  const key = await tokenKeys.for(publicKey).catch((error) => {
    throw new LegacyNodeRefusal(
      "key-invalid",
      FlwrError.from(error).message,
      publicKey.fingerprint,
    );
  });
  if (await key.verify(requestBytes, token)) return;
  const signed = signedForm(method, requestBytes, publicKey);
  // The same bytes were already checked.
  if (signed !== requestBytes && await key.verify(signed, token)) return;
  throw new LegacyNodeRefusal(
    "signature-invalid",
    "the token does not match the request",
    publicKey.fingerprint,
  );
}

function signedForm(
  method: DescMethod,
  requestBytes: Uint8Array,
  { fingerprint }: PublicKey,
): Uint8Array {
  try {
    requireFewParts(method.input, requestBytes, legacyRequestUnits(method));
    return canonicalBytes(method.input, requestBytes);
  } catch (error) {
    if (error instanceof ApiError || !(error instanceof FlwrError)) throw error;
    throw new LegacyNodeRefusal(
      "signature-invalid",
      "the token does not match the request, which is malformed",
      fingerprint,
    );
  }
}

function tokenOf(call: CallHead, { fingerprint }: PublicKey): string {
  const token = call.header(AUTH_TOKEN_HEADER);
  if (token === undefined) {
    throw new LegacyNodeRefusal("signature-missing", "the call carries no token", fingerprint);
  }
  return token;
}

function requireJoined(
  node: LinkNode | undefined,
  { fingerprint }: PublicKey,
): asserts node is LinkNode {
  if (node === undefined) {
    throw new LegacyNodeRefusal("not-joined", "the key has not joined", fingerprint);
  }
}
