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
import { methodPath, type ServiceOptions } from "../../../service.ts";
import { admissionFault } from "../../admission.ts";
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
import { NodeSessions } from "./node_sessions.ts";

/** Nodes whose sessions are remembered. An entry takes some 200 bytes; one that was forgotten is learnt again. */
const MAX_NODE_SESSIONS = 100_000;

/** Whom a SuperLink that authenticates its nodes admits, beside those that its owner registered. */
export interface KnownKeys {
  /** The keys of the list at this moment. */
  readonly listed: () => KeyList;
  /** Aborted when the given key is removed from the list. */
  readonly revoked: (key: PublicKey) => AbortSignal;
}

/** What the SuperLink needs to tell its SuperNodes from strangers. */
export interface NodeAuthenticationOptions {
  readonly link: Pick<Link, "nodes">;
  /** Without it every key is admitted; calls are signed all the same. */
  readonly known?: KnownKeys;
  /** Bounds how often one key may register and activate. */
  readonly joinLimiter: RateLimiter;
  /** Told why a call was refused; the caller is told little. */
  readonly onDenied: (denial: NodeDenial) => void;
  /** Remembers the signatures; by default as long as this object lives. */
  readonly replays?: Pick<LastingReplayGuard, "accept">;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
}

/** What is known of a caller before its request. */
export interface NodeSigner {
  /** The key that signed. */
  readonly key: PublicKey;
  /** How the key's node takes its messages, if it has one that has shown it: LinkNode.wire. */
  readonly wire?: string;
}

/** What a service takes of it. */
export type NodeAuthentication = Pick<
  ServiceOptions<typeof Fleet, NodeCaller, NodeSigner>,
  "admit" | "authenticate" | "knownBy"
>;

/** A refused call, for the log. */
export interface NodeDenial {
  readonly method: string;
  readonly peer: string;
  /** The key's fingerprint, where the caller named a key that can be read. */
  readonly fingerprint: string | undefined;
  readonly reason: string;
}

/** Why a call is refused, and what the caller is told. */
class Refused extends Error {
  constructor(readonly reason: string, readonly told: FlwrError = nodeDenied()) {
    super(reason);
  }
}

/** A signal that is never aborted: without a list no key is removed from it. */
const NEVER = new AbortController().signal;

/**
 * Authenticates the calls of the Fleet API as Flower does since 1.15: by a time signed with ECDSA, over gRPC and HTTP
 * alike, whether or not the SuperLink admits known keys only. A signature counts once, and every node that a request
 * speaks for must be the one that belongs to the key.
 *
 * All of it but what the request says is settled by the headers, before a byte of the request is read: whoever knows a
 * node's public key, and nothing more, sends no bodies. Who is admitted is looked up at each call, which takes
 * microseconds beside a millisecond for the signature, and once more when the request has come, which can take minutes:
 * a node that was unregistered, or whose key was removed, has no next call.
 */
export function nodeAuthentication(
  options: NodeAuthenticationOptions,
): NodeAuthentication {
  const gate = new Gate(options);
  return {
    knownBy: PUBLIC_KEY_HEADER,
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
  readonly #sessions = new NodeSessions(MAX_NODE_SESSIONS);

  constructor(options: NodeAuthenticationOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#replays = options.replays ?? new LastingReplayGuard({
      windowSeconds: SIGNATURE_WINDOW_SECONDS,
      clock: this.#clock,
    });
  }

  /** What can be said before the body is read: whether the key is admitted, and has signed. */
  async admit(call: CallHead): Promise<NodeSigner> {
    let key: PublicKey | undefined;
    try {
      key = await this.#keyOf(call);
      // Before the signature, which costs a thousand times as much: strangers pay for nothing here.
      const node = await this.#admitted(call, key);
      await this.#verify(call, key);
      if (!isJoin(call)) this.#checkSession(call, node);
      return { key, ...(node?.wire !== undefined && { wire: node.wire }) };
    } catch (error) {
      throw this.#denial(call, key, error);
    }
  }

  /** @param key what the call's headers were signed with */
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
      const joined = (nodeId: bigint) => this.#sessions.join(nodeId, session);
      if (policy.admission === "key") {
        this.#checkOwnKey(policy, request, key);
        this.#limitJoins(call, key);
        return { publicKey: key, joined, revoked };
      }
      const { nodeId, wire } = checkClaims(policy, request, node);
      this.#checkSession(call, node);
      return { publicKey: key, nodeId, joined, revoked, ...(wire !== undefined && { wire }) };
    } catch (error) {
      throw this.#denial(call, key, error);
    }
  }

  /**
   * The key's node, if it has one, where the key is admitted. What a node is told depends on the call: Flower's SuperNodes show the reason of a refused activation.
   */
  async #admitted(call: CallHead, key: PublicKey): Promise<LinkNode | undefined> {
    const node = await this.#options.link.nodes.ofKey(key.spki);
    const { known } = this.#options;
    const listed = known === undefined || known.listed().findByPem(key.pem) !== undefined;
    const fault = admissionFault(node, listed);
    if (fault !== undefined) throw strange(call, fault);
    return node;
  }

  async #verify(call: CallHead, key: PublicKey): Promise<void> {
    const timestamp = call.header(TIMESTAMP_HEADER);
    const signature = call.headerBytes(SIGNATURE_HEADER);
    if (timestamp === undefined || signature === undefined) {
      throw new Refused("the call carries no signed time");
    }
    const verified = await verifyTime(key, { timestamp, signature }, this.#clock);
    if (verified === undefined) {
      throw new Refused(`the time "${timestamp}" is malformed, or not signed by the key`);
    }
    if ("offset" in verified) throw clockOff(verified.offset);
    const verdict = await this.#replays.accept(key.fingerprint, verified);
    if (verdict === "unsure") throw restarted(timestamp);
    if (verdict !== "fresh") throw new Refused(`the signature of "${timestamp}" is ${verdict}`);
  }

  /** A node that joined again in another session has left this one behind. */
  #checkSession(call: CallHead, node: LinkNode | undefined): void {
    if (node === undefined || this.#sessions.isCurrent(node.nodeId, sessionOf(call))) return;
    throw new Refused(
      `another SuperNode joined with the key of node ${node.nodeId}: give each a key of its own`,
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
    throw new Refused("the request names another key than the one that signed");
  }

  #limitJoins(call: CallHead, key: PublicKey): void {
    const wait = this.#options.joinLimiter.take(key.fingerprint);
    if (wait === 0) return;
    const told = `This key joins too often: wait ${wait.toFixed(1)} s`;
    throw new Refused(
      `the key calls ${call.method} too often`,
      new FlwrError("unavailable", told),
    );
  }

  /** What the caller is told of an error; the log is told the reason of a refusal. */
  #denial(call: CallHead, key: PublicKey | undefined, error: unknown): unknown {
    if (!(error instanceof Refused)) return error;
    const { reason, told } = error;
    const { method, peer } = call;
    this.#options.onDenied({ method, peer, fingerprint: key?.fingerprint, reason });
    return told;
  }

  async #keyOf(call: CallHead): Promise<PublicKey> {
    const pem = call.headerBytes(PUBLIC_KEY_HEADER);
    if (pem === undefined) throw new Refused("the call names no public key");
    const key = await this.#keys.read(pem);
    if (key === undefined) throw new Refused("the public key is invalid or on another curve");
    return key;
  }
}

/** Calls by which a session begins. */
function isJoin({ method }: CallHead): boolean {
  return nodePolicyOf(method)?.admission === "key";
}

/** The session that a call names; undefined for a program that names none, or none that is ours. */
function sessionOf(call: CallHead): string | undefined {
  const session = call.header(SESSION_HEADER);
  return session !== undefined && SESSION_PATTERN.test(session) ? session : undefined;
}

/** The holder of an admitted key has signed, at a time that does not count. Setting the clock helps, so say so. */
function clockOff(offset: number): Refused {
  const words = `${Math.abs(offset).toFixed(1)} s ${offset > 0 ? "ahead of" : "behind"}`;
  return new Refused(
    `the node's clock is ${words} this one`,
    new ApiError(
      "clock-off",
      `The node's clock is ${words} the SuperLink's: set one of them, for example with NTP`,
    ),
  );
}

/** Other than a denial it has SuperNodes try again, with a new signature. */
function restarted(timestamp: string): Refused {
  return new Refused(
    `the time "${timestamp}" may have been accepted before this SuperLink was started`,
    new FlwrError("unavailable", "The SuperLink was restarted at this moment: sign anew"),
  );
}

/** The node that a request speaks for: the key's own, and no other. */
function checkClaims(
  { claims }: NodePolicy & { admission: "node" },
  request: Message,
  node: LinkNode | undefined,
): LinkNode {
  if (node === undefined) throw new Refused("the key has not joined");
  const other = claims(request as never).find((nodeId) => nodeId !== node.nodeId);
  if (other === undefined) return node;
  throw new Refused(`the request speaks for node ${other}, the key's is ${node.nodeId}`);
}

/** The refusal of a key that is not admitted, in the numbers that Flower's SuperNodes show. */
function strange({ method }: CallHead, reason: string): Refused {
  switch (method) {
    case "/flwr.proto.Fleet/RegisterNode":
      return new Refused(
        reason,
        new ApiError(
          "registration-by-node-refused",
          "This SuperLink admits known keys only: its owner registers them",
        ),
      );
    case "/flwr.proto.Fleet/ActivateNode":
      return new Refused(
        reason,
        // Not Flower's "activation-refused", by which its SuperLinks mean also a node that is online still: nodes of
        // ours wait for its end.
        new ApiError(
          "public-key-invalid",
          "The SuperNode is not admitted: its key is not known here, or was unregistered",
        ),
      );
    case "/flwr.proto.Fleet/CreateNode":
      return new Refused(
        reason,
        new FlwrError(
          "unauthenticated",
          "The SuperNode is not admitted: its key is not known here, or was unregistered",
        ),
      );
    default:
      return new Refused(reason);
  }
}
