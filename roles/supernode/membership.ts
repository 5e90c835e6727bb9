import type { FleetConnection } from "../../app/connection.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { unlessAborted } from "../../base/aborted.ts";
import type { Clock } from "../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { shownName } from "../../base/node_labels.ts";
import { ApiError } from "../../rpc/api_error.ts";
import { HEARTBEAT_INTERVAL_SECONDS, STOP_SECONDS } from "./limits.ts";
import type { OnNodeEvent } from "./node_event.ts";

/** A node that is unknown within this time after a join, in seconds, does not join again. */
const REJOIN_MIN_SECONDS = 1;

/**
 * Seconds for which a node tries to join while the SuperLink still counts its earlier session as online. Flower's own
 * SuperLink accepts a killed node again after two heartbeat intervals.
 */
export const TAKE_OVER_PATIENCE_SECONDS = 2 * HEARTBEAT_INTERVAL_SECONDS + 10;
/** Seconds between two such attempts. */
export const TAKE_OVER_TRY_SECONDS = 3;

/** Options of {@link Membership}. */
export interface MembershipOptions {
  readonly connection: FleetConnection;
  /** Address of the SuperLink, for the log. */
  readonly superLink: string;
  /** The node's name from `--name`, for the log. */
  readonly name?: string;
  readonly clock: Clock;
  readonly onEvent?: OnNodeEvent | undefined;
}

/** Error codes of a SuperLink that does not know the node (any more). */
const UNKNOWN_NODE: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "not-found"]);

/** A node's membership: it joins at the start, joins again when the SuperLink has lost it, and leaves at the end. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #log = log("supernode");
  #nodeId = 0n;
  /** The join in progress, which all callers share. */
  #joining: Promise<void> | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** The node's id from the last join; 0n before the first. */
  get nodeId(): NodeId {
    return this.#nodeId;
  }

  /** Joins, or waits for the join in progress. @throws FlwrError when the SuperLink refuses the node */
  join(signal: AbortSignal): Promise<void> {
    this.#joining ??= this.#joinOnce(signal).finally(() => this.#joining = undefined);
    return this.#joining;
  }

  /**
   * Makes a call as this node. If the SuperLink no longer knows the node (e.g. after a restart without a database), it
   * joins again and repeats the call. A node whose key was removed fails at the join. A node that is unknown right after
   * a join fails as well.
   *
   * @param isUnknown whether an answer means that the node is unknown
   */
  async call<T>(
    call: () => Promise<T>,
    signal: AbortSignal,
    isUnknown: (answer: T) => boolean = () => false,
  ): Promise<T> {
    const { clock } = this.#options;
    for (let joinedAt = -Infinity;; joinedAt = clock.now()) {
      let reason = "unknown node";
      try {
        const answer = await call();
        if (!isUnknown(answer) || isRecent(joinedAt, clock)) return answer;
      } catch (thrown) {
        const error = FlwrError.from(thrown);
        if (isSuperseded(error)) throw new Superseded(this.#nodeId, error);
        if (!UNKNOWN_NODE.has(error.code) || isRecent(joinedAt, clock) || signal.aborted) {
          throw error;
        }
        reason = error.message;
      }
      this.#log.warn("The SuperLink rejected node {nodeId} ({reason}). Joining again", {
        nodeId: this.#nodeId,
        reason,
      });
      await this.join(signal);
    }
  }

  /** Leaves. Gives up after a few seconds. */
  async leave(): Promise<void> {
    const { connection, clock, onEvent } = this.#options;
    onEvent?.({ kind: "left" });
    const patience = new AbortController();
    const left = connection.leave().then(() => true, (error) => {
      this.#log.debug("Leaving failed: {reason}", { reason: FlwrError.from(error).message });
      return false;
    });
    const inTime = await Promise.race([
      left,
      clock.sleep(STOP_SECONDS, patience.signal).then(() => false),
    ]);
    patience.abort();
    if (inTime) this.#log.info("SuperNode {nodeId} left", { event: "left", nodeId: this.#nodeId });
    else {this.#log.warn(
        "Could not tell the SuperLink that this node is leaving. It will be marked offline soon",
      );}
  }

  async #joinOnce(signal: AbortSignal): Promise<void> {
    const { connection, superLink, name, clock } = this.#options;
    const start = clock.now();
    let refusals = 0;
    for (;;) {
      try {
        this.#nodeId = await unlessAborted(
          connection.join(HEARTBEAT_INTERVAL_SECONDS),
          signal,
          () => new FlwrError("cancelled", "The SuperNode stopped"),
        );
        break;
      } catch (error) {
        if (!isNotAdmittedNow(error)) throw error;
        if (clock.now() - start >= TAKE_OVER_PATIENCE_SECONDS) throw notAdmitted(error);
        refusals += 1;
        if (refusals === 1) {
          this.#log.warn(
            "{superLink} does not admit this node yet: either an earlier session still counts as online, for up to a " +
              "minute, or the node's key is not registered. Retrying for {seconds} s",
            { superLink, seconds: TAKE_OVER_PATIENCE_SECONDS },
          );
        }
        await clock.sleep(TAKE_OVER_TRY_SECONDS, signal);
        if (signal.aborted) throw error;
      }
    }
    this.#options.onEvent?.({ kind: "joined" });
    const words = name === undefined ? "" : " as {name}";
    this.#log.info(`SuperNode {nodeId} joined {superLink}${words}`, {
      event: "joined",
      nodeId: this.#nodeId,
      superLink,
      ...(name !== undefined && { name: shownName(name) }),
    });
  }
}

/** Error of a node whose key another SuperNode has joined with. */
export class Superseded extends FlwrError {
  constructor(nodeId: NodeId, cause: unknown) {
    super("failed-precondition", `Another SuperNode joined with the key of this node, ${nodeId}`, {
      hints: [
        "Give each SuperNode its own key: flwr keys generate",
        "If you restarted this node yourself, ignore this: the newer one is running",
      ],
      cause,
    });
  }
}

function isSuperseded(error: FlwrError): boolean {
  return error instanceof ApiError && error.api === "node-superseded";
}

/** Whether the last join was just now. A waiting pull may fail long after it, because of another restart. */
function isRecent(joinedAt: number, clock: Clock): boolean {
  return clock.now() - joinedAt < REJOIN_MIN_SECONDS;
}

/**
 * Whether a SuperLink refused the node, perhaps only for now. Flower's own SuperLink gives the same error for a node that
 * it still counts as online, e.g. after a kill, and for one that is not registered (contract, section 3.5). Ours accepts
 * the node at once.
 */
function isNotAdmittedNow(error: unknown): error is ApiError {
  return error instanceof ApiError && error.api === "activation-refused";
}

function notAdmitted(error: ApiError): FlwrError {
  return new FlwrError(error.code, error.message, {
    cause: error,
    hints: ["Ask the SuperLink's owner to register the node's public key: flwr supernode register"],
  });
}
