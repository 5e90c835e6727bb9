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
import type { ServiceOptions } from "../../../service.ts";
import { requireFewParts } from "../../../codec.ts";
import { canonicalBytes } from "../canonical.ts";
import { nodeFromWire } from "../node_id.ts";
import { accessDenied } from "./access_denied.ts";
import type { FleetCaller } from "./caller.ts";
import { admissionFault } from "../../admission.ts";
import { legacyRequestUnits, policyKey, policyOf } from "./policy.ts";

/** What the SuperLink needs to tell its SuperNodes from strangers. */
export interface FleetAuthenticationOptions {
  readonly link: Pick<Link, "nodes">;
  /** The SuperLink's own public key, which SuperNodes need for the shared secret. */
  readonly ownKey: PublicKey;
  readonly tokenKeys: TokenKeys;
  /** The keys of the list at this moment; those that the SuperLink's owner registered are admitted beside them. */
  readonly admitted: () => KeyList;
  /** Aborted when the given key is removed from the list. */
  readonly revoked: (key: PublicKey) => AbortSignal;
  /** Bounds how often one key may join and leave: that wire's CreateNode carries no proof (threat T1b). */
  readonly joinLimiter: RateLimiter;
  /** Told why a call was refused; the caller is told "Access denied" only. */
  readonly onDenied: (denial: Denial) => void;
}

/** A refused call, for the log. */
export interface Denial {
  readonly method: string;
  readonly peer: string;
  /** The key's fingerprint, where the caller named a key that can be read. */
  readonly fingerprint: string | undefined;
  readonly reason: string;
}

/** An admitted key, and the node that joined with it. */
interface Holder {
  readonly publicKey: PublicKey;
  readonly node: LinkNode | undefined;
}

/** Why a call is refused, before it becomes "Access denied". */
class Refused extends Error {
  constructor(readonly reason: string, readonly fingerprint?: string) {
    super(reason);
  }
}

/**
 * Authenticates the calls of the Fleet service as Flower 1.8 to 1.14 does: the public key must be listed or registered,
 * which is looked at before a byte of the request is read; every call but CreateNode carries an HMAC-SHA256 over the
 * deterministically serialised request, under the key that both sides derive by ECDH and HKDF, which is checked before
 * the request is decoded; every node id in the request must be the one that belongs to the key.
 */
export function fleetAuthentication(
  options: FleetAuthenticationOptions,
): Pick<
  ServiceOptions<typeof Fleet, FleetCaller, Holder | undefined>,
  "admit" | "prove" | "authenticate" | "knownBy"
> {
  const orDeny = async <T>(call: CallHead, attempt: () => Promise<T>): Promise<T> => {
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const { reason, fingerprint } = error;
      options.onDenied({ method: call.method, peer: call.peer, reason, fingerprint });
      throw accessDenied();
    }
  };
  return {
    knownBy: PUBLIC_KEY_HEADER,
    admit: (call) => orDeny(call, () => admitHead(options, call)),
    prove: (call, method, bytes) => orDeny(call, () => proveHolder(options, call, method, bytes)),
    authenticate: (call, method, _bytes, request, holder) =>
      orDeny(call, () => identify(options, call, method, request, holder!)),
  };
}

/**
 * What can be said without the request: that the key is admitted and, where a token is due, that there is one and that a
 * node has joined with the key. The token itself signs the request.
 */
async function admitHead(options: FleetAuthenticationOptions, call: CallHead): Promise<undefined> {
  const { admission } = policyOf(call.method.slice(1));
  const { publicKey, node } = await admittedHolder(options, call);
  if (admission === "key") return;
  tokenOf(call, publicKey);
  requireJoined(node, publicKey);
}

/** What can be said by the request's bytes: that the holder of the key signed them, where the method is for nodes. */
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
    // By address too: who knows a node's public key can join in its name, but must not keep the node itself from it.
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
    throw new Refused(
      `the request speaks for node ${claimed.find((id) => id !== node.nodeId) ?? "(none)"}, ` +
        `the key's is ${node.nodeId}`,
      publicKey.fingerprint,
    );
  }
  if (admission === "online-node" && !(await link.nodes.online()).includes(node.nodeId)) {
    throw new Refused(`node ${node.nodeId} is offline`, publicKey.fingerprint);
  }
  return caller;
}

/** The host of "host:port". */
function hostOf(peer: string): string {
  return peer.slice(0, peer.lastIndexOf(":"));
}

/** The key that a call names, if it is admitted, and the node that joined with it. */
async function admittedHolder(
  { link, admitted }: FleetAuthenticationOptions,
  call: CallHead,
): Promise<Holder> {
  const header = call.header(PUBLIC_KEY_HEADER);
  if (header === undefined) throw new Refused("the call names no public key");
  const listed = admitted().findByPem(decodePublicKeyHeader(header) ?? "");
  const publicKey = listed ?? await readPublicKeyHeader(header).catch(() => undefined);
  if (publicKey === undefined) throw new Refused("the public key is invalid or on another curve");
  const node = await link.nodes.ofKey(publicKey.spki);
  const fault = admissionFault(node, listed !== undefined);
  if (fault !== undefined) throw new Refused(fault, publicKey.fingerprint);
  return { publicKey, node };
}

/**
 * Checks the token over a request that was not decoded. Most requests come as they were signed. Python puts map entries
 * on the wire in any order, so that others are brought into the signed form first: field by field, and only those that
 * are few enough to be decoded.
 *
 * @throws ApiError "request-malformed" for a request that is not as it was signed and has too many fields
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
    throw new Refused(FlwrError.from(error).message, publicKey.fingerprint);
  });
  if (await key.verify(requestBytes, token)) return;
  const signed = signedForm(method, requestBytes, publicKey);
  // The same bytes were looked at already.
  if (signed !== requestBytes && await key.verify(signed, token)) return;
  throw new Refused("the token does not fit the request", publicKey.fingerprint);
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
    throw new Refused("the token does not fit the request, which is malformed", fingerprint);
  }
}

function tokenOf(call: CallHead, { fingerprint }: PublicKey): string {
  const token = call.header(AUTH_TOKEN_HEADER);
  if (token === undefined) throw new Refused("the call carries no token", fingerprint);
  return token;
}

function requireJoined(
  node: LinkNode | undefined,
  { fingerprint }: PublicKey,
): asserts node is LinkNode {
  if (node === undefined) throw new Refused("the key has not joined", fingerprint);
}
