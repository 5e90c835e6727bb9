import type { DescMethod, Message } from "@bufbuild/protobuf";
import { sameBytes } from "../../../../base/bytes.ts";
import type { KeyList } from "../../../../auth/key_list.ts";
import type { PublicKey } from "../../../../auth/public_key.ts";
import { PublicKeys } from "../../../../auth/public_keys.ts";
import type { RateLimiter } from "../../../../auth/rate_limiter.ts";
import { LastingReplayGuard } from "../../../../auth/lasting_replay_guard.ts";
import { SIGNATURE_WINDOW_SECONDS, verifyTime } from "../../../../auth/signed_time.ts";
import { type Clock, systemClock } from "../../../../base/clock.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { Link } from "../../../../link/link.ts";
import type { LinkNode } from "../../../../entities/node.ts";
import type { Fleet } from "../../../../proto/gen/current/fleet_pb.ts";
import { ApiError } from "../../../api_error.ts";
import type { AnonymousCall, CallHead } from "../../../call.ts";
import { refusalOf } from "../../../call_watch.ts";
import { methodPath, type ServiceOptions } from "../../../service.ts";
import {
  admissionFault,
  type DenialCode,
  type DenialFault,
  type NodeDenial,
} from "../../admission.ts";
import {
  PUBLIC_KEY_HEADER,
  SESSION_HEADER,
  SESSION_PATTERN,
  SIGNATURE_HEADER,
  TIMESTAMP_HEADER,
} from "../headers.ts";
import { type NodePolicy, nodePolicyOf } from "./fleet_policy.ts";
import type { NodeCaller } from "./node_caller.ts";
import { nodeDenied } from "./node_denied.ts";

/** Keys that a SuperLink with node authentication admits, in addition to registered ones. */
export interface KnownKeys {
  /** Returns the keys currently in the list. */
  readonly listed: () => KeyList;
  /** Returns a signal that is aborted when the given key is removed from the list. */
  readonly revoked: (key: PublicKey) => AbortSignal;
}

/** Options of {@link nodeAuthentication}. */
export interface NodeAuthenticationOptions {
  readonly link: Pick<Link, "nodes">;
  /** Without it every key is admitted; calls must still be signed. */
  readonly known?: KnownKeys;
  /** Bounds how often one key may register and activate. */
  readonly joinLimiter: RateLimiter;
  /** Gets the reason of each refusal, which the caller does not see. */
  readonly onDenied: (denial: NodeDenial) => void;
  /** Remembers used signatures; by default as long as this object lives. */
  readonly replays?: Pick<LastingReplayGuard, "accept">;
  /** Default: the system's clock. */
  readonly clock?: Clock;
}

/** The signer of a call, known before its request is read. */
export interface NodeSigner {
  /** The key that signed the call. */
  readonly key: PublicKey;
  /** How the key's node receives its messages, if it has one and is known to: LinkNode.wire. */
  readonly wire?: string;
}

/** The service options that authenticate nodes. */
export type NodeAuthentication = Pick<
  ServiceOptions<typeof Fleet, NodeCaller, NodeSigner>,
  "admit" | "authenticate" | "identifyingHeader"
>;

/** A refusal: the reason for the log, and the error for the caller. */
class NodeRefusal extends Error {
  constructor(
    readonly code: DenialCode,
    readonly reason: string,
    readonly callerError: FlwrError = nodeDenied(),
  ) {
    super(reason);
  }
}

/** A signal that is never aborted, for a SuperLink without a list. */
const NEVER = new AbortController().signal;

/**
 * Authenticates calls of the Fleet API as Flower does since 1.15: by a time signed with ECDSA, over gRPC and HTTP,
 * whether or not the SuperLink admits only known keys. A signature is accepted once, and every node that a request
 * speaks for must belong to the key.
 *
 * Everything but the request's content is checked by the headers, before any of the body is read, because knowing a
 * node's public key must not be enough to send bodies. Admission is checked at each call, which takes microseconds
 * (the signature takes a millisecond). It is checked again after the request was read, which can take minutes: a node
 * that was unregistered, or whose key was removed, gets no further call through.
 */
export function nodeAuthentication(
  options: NodeAuthenticationOptions,
): NodeAuthentication {
  const gate = new Gate(options);
  return {
    identifyingHeader: PUBLIC_KEY_HEADER,
    admit: (call) => gate.admit(call),
    authenticate: (call, method, _bytes, request, { key }) =>
      gate.identify(call, method, request, key),
  };
}

class Gate {
  readonly #options: NodeAuthenticationOptions;
  readonly #clock: Clock;
  readonly #keys = new PublicKeys();
  readonly #replays: Pick<LastingReplayGuard, "accept">;

  constructor(options: NodeAuthenticationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#replays = options.replays ?? new LastingReplayGuard({
      windowSeconds: SIGNATURE_WINDOW_SECONDS,
      clock: this.#clock,
    });
  }

  /** Checks the headers: whether the key is admitted and has signed. */
  async admit(call: CallHead): Promise<NodeSigner> {
    let key: PublicKey | undefined;
    try {
      key = await this.#keyOf(call);
      // Checked before the signature, which costs a thousand times as much, so strangers cause little work.
      const node = await this.#admitted(call, key);
      await this.#verify(call, key);
      if (!isJoin(call)) this.#checkSession(call, node);
      return { key, ...(node?.wire !== undefined && { wire: node.wire }) };
    } catch (error) {
      throw this.#denial(call, key, error);
    }
  }

  /** Checks the request, and identifies its caller. @param key the key that signed the headers */
  async identify(
    call: AnonymousCall,
    method: DescMethod,
    request: Message,
    key: PublicKey,
  ): Promise<NodeCaller> {
    try {
      const policy = nodePolicyOf(methodPath(method));
      const node = await this.#admitted(call, key);
      const revoked = this.#options.known?.revoked(key) ?? NEVER;
      const session = sessionOf(call);
      if (policy.admission === "key") {
        this.#checkOwnKey(policy, request, key);
        this.#limitJoins(call, key);
        return { publicKey: key, session, revoked };
      }
      const { nodeId, wire } = checkClaims(policy, request, node);
      this.#checkSession(call, node);
      return { publicKey: key, nodeId, session, revoked, ...(wire !== undefined && { wire }) };
    } catch (error) {
      throw this.#denial(call, key, error);
    }
  }

  /**
   * Checks that the key is admitted, and returns its node if it has one. The error depends on the call: Flower's
   * SuperNodes show the reason of a refused activation.
   */
  async #admitted(call: CallHead, key: PublicKey): Promise<LinkNode | undefined> {
    const node = await this.#options.link.nodes.ofKey(key.spki);
    const { known } = this.#options;
    const listed = known === undefined || known.listed().findByPem(key.pem) !== undefined;
    const fault = admissionFault(node, listed);
    if (fault !== undefined) throw keyRefusal(call, fault);
    return node;
  }

  async #verify(call: CallHead, key: PublicKey): Promise<void> {
    const timestamp = call.header(TIMESTAMP_HEADER);
    const signature = call.headerBytes(SIGNATURE_HEADER);
    if (timestamp === undefined || signature === undefined) {
      throw new NodeRefusal("signature-missing", "the call carries no signed time");
    }
    const verified = await verifyTime(key, { timestamp, signature }, this.#clock);
    if (verified === undefined) {
      throw new NodeRefusal(
        "signature-invalid",
        `the time "${timestamp}" is malformed, or not signed by the key`,
      );
    }
    if ("offset" in verified) throw clockOff(verified.offset);
    const verdict = await this.#replays.accept(key.fingerprint, verified);
    if (verdict === "unsure") throw replayUnknown(timestamp);
    if (verdict !== "fresh") {
      throw new NodeRefusal("replayed", `the signature of "${timestamp}" is ${verdict}`);
    }
  }

  /** Refuses a session that was replaced by a later join of the same node. */
  #checkSession(call: CallHead, node: LinkNode | undefined): void {
    if (node?.session === undefined || node.session === sessionOf(call)) return;
    throw new NodeRefusal(
      "superseded",
      `another SuperNode joined with the key of node ${node.nodeId}: use a separate key for each SuperNode`,
      new ApiError("node-superseded", "Another SuperNode joined with this node's key"),
    );
  }

  #checkOwnKey(
    policy: NodePolicy & { admission: "key" },
    request: Message,
    key: PublicKey,
  ): void {
    const named = policy.key?.(request as never);
    if (named === undefined || sameBytes(named, new TextEncoder().encode(key.pem))) return;
    throw new NodeRefusal(
      "other-key",
      "the request names a different key than the one that signed it",
    );
  }

  #limitJoins(call: CallHead, key: PublicKey): void {
    const wait = this.#options.joinLimiter.take(key.fingerprint);
    if (wait === 0) return;
    const callerError = `This key joins too often: wait ${wait.toFixed(1)} s`;
    throw new NodeRefusal(
      "joins-too-often",
      `the key calls ${call.method} too often`,
      new FlwrError("unavailable", callerError),
    );
  }

  /** The error for the caller. Reports the reason of a refusal to the log. */
  #denial(call: CallHead, key: PublicKey | undefined, error: unknown): unknown {
    if (!(error instanceof NodeRefusal)) return error;
    const { code, reason, callerError } = error;
    const { method, peer } = call;
    this.#options.onDenied({ method, peer, fingerprint: key?.fingerprint, code, reason });
    return key === undefined ? callerError : refusalOf(callerError, { publicKey: key });
  }

  async #keyOf(call: CallHead): Promise<PublicKey> {
    const pem = call.headerBytes(PUBLIC_KEY_HEADER);
    if (pem === undefined) throw new NodeRefusal("key-missing", "the call names no public key");
    const key = await this.#keys.read(pem);
    if (key === undefined) {
      throw new NodeRefusal("key-invalid", "the public key is invalid or on another curve");
    }
    return key;
  }
}

/** Whether a call begins a session. */
function isJoin({ method }: CallHead): boolean {
  return nodePolicyOf(method)?.admission === "key";
}

/**
 * The session id of a call. Our SuperNodes send one, random for each start, so that programs with a copied key differ.
 * Empty if the call has none, as those of Flower's programs and ours before 0.4, or an invalid one.
 */
function sessionOf(call: CallHead): string {
  const session = call.header(SESSION_HEADER);
  return session !== undefined && SESSION_PATTERN.test(session) ? session : "";
}

/**
 * The refusal of a time that is too far off, signed with an admitted key. It says how far, because the node's owner
 * can correct the clock.
 */
function clockOff(offset: number): NodeRefusal {
  const offsetText = `${Math.abs(offset).toFixed(1)} s ${offset > 0 ? "ahead of" : "behind"}`;
  return new NodeRefusal(
    "clock-off",
    `the node's clock is ${offsetText} this one`,
    new ApiError(
      "clock-off",
      `The node's clock is ${offsetText} the SuperLink's: synchronize both, for example with NTP`,
    ),
  );
}

/** A refusal that, unlike a denial, makes SuperNodes retry with a new signature. */
function replayUnknown(timestamp: string): NodeRefusal {
  return new NodeRefusal(
    "perhaps-replayed",
    `the time "${timestamp}" may already have been accepted before this SuperLink was started`,
    new FlwrError(
      "unavailable",
      "The SuperLink has just been restarted: retry with a new signature",
    ),
  );
}

/** Returns the key's node, and refuses a request that speaks for another one. */
function checkClaims(
  { claims }: NodePolicy & { admission: "node" },
  request: Message,
  node: LinkNode | undefined,
): LinkNode {
  if (node === undefined) throw new NodeRefusal("not-joined", "the key has not joined");
  const other = claims(request as never).find((nodeId) => nodeId !== node.nodeId);
  if (other === undefined) return node;
  throw new NodeRefusal(
    "other-node",
    `the request speaks for node ${other}, the key's is ${node.nodeId}`,
  );
}

/** The refusal of a key that is not admitted, with the number that Flower's SuperNodes show. */
function keyRefusal({ method }: CallHead, { code, reason }: DenialFault): NodeRefusal {
  switch (method) {
    case "/flwr.proto.Fleet/RegisterNode":
      return new NodeRefusal(
        code,
        reason,
        new ApiError(
          "registration-by-node-refused",
          "This SuperLink admits only known keys: ask its owner to register this one",
        ),
      );
    case "/flwr.proto.Fleet/ActivateNode":
      return new NodeRefusal(
        code,
        reason,
        // Not Flower's "activation-refused", which its SuperLinks also send for a node that is still online: our
        // nodes retry on it.
        new ApiError(
          "public-key-invalid",
          "The SuperLink does not admit this SuperNode: its key is unknown or was unregistered",
        ),
      );
    case "/flwr.proto.Fleet/CreateNode":
      return new NodeRefusal(
        code,
        reason,
        new FlwrError(
          "unauthenticated",
          "The SuperLink does not admit this SuperNode: its key is unknown or was unregistered",
        ),
      );
    default:
      return new NodeRefusal(code, reason);
  }
}
