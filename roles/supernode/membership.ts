import type { FleetConnection } from "../../app/connection.ts";
import type { NodeId } from "../../entities/metadata.ts";
import { unlessAborted } from "../../base/aborted.ts";
import type { Clock } from "../../base/clock.ts";
import { type ErrorCode, FlwrError } from "../../base/error.ts";
import { log } from "../../base/log.ts";
import { shownName } from "../../base/node_labels.ts";
import { ApiError } from "../../rpc/api_error.ts";
import { FAREWELL_SECONDS, HEARTBEAT_INTERVAL_SECONDS } from "./limits.ts";

/** A node that is forgotten sooner after a join, in seconds, is not wanted: it does not join again. */
const REJOIN_MIN_SECONDS = 1;

/**
 * How long a node waits for a SuperLink that counts it as online still, in seconds, and how often it tries: Flower's
 * own takes a killed node back when two of its heartbeat intervals have passed.
 */
export const TAKE_OVER_PATIENCE_SECONDS = 2 * HEARTBEAT_INTERVAL_SECONDS + 10;
export const TAKE_OVER_TRY_SECONDS = 3;

/** What a node joins with. */
export interface MembershipOptions {
  readonly connection: FleetConnection;
  /** Where the SuperLink is, for the log. */
  readonly superLink: string;
  /** What the node calls itself, for the log. */
  readonly name?: string;
  readonly clock: Clock;
}

/** Errors by which a SuperLink says that it does not know the node (any more). */
const FORGOTTEN: ReadonlySet<ErrorCode> = new Set(["unauthenticated", "not-found"]);

/** A node's place in its federation: joined at the start, again whenever the SuperLink has forgotten it, left at the end. */
export class Membership {
  readonly #options: MembershipOptions;
  readonly #log = log("supernode");
  #nodeId = 0n;
  /** A join under way, which all who need it wait for. */
  #joining: Promise<void> | undefined;

  constructor(options: MembershipOptions) {
    this.#options = options;
  }

  /** The id of the last join; 0n before the first. */
  get nodeId(): NodeId {
    return this.#nodeId;
  }

  /** Joins, or waits for a join under way. @throws FlwrError when the SuperLink refuses the node */
  join(signal: AbortSignal): Promise<void> {
    this.#joining ??= this.#joinOnce(signal).finally(() => this.#joining = undefined);
    return this.#joining;
  }

  /**
   * Makes a call; when the SuperLink does not know the node any more (it was restarted without a database), joins
   * again and makes it once more. A node whose key was removed from the list fails at the join, one that is forgotten
   * as soon as it has joined fails, too.
   *
   * @param isForgotten whether an answer says the same
   */
  async as<T>(
    call: () => Promise<T>,
    signal: AbortSignal,
    isForgotten: (answer: T) => boolean = () => false,
  ): Promise<T> {
    const { clock } = this.#options;
    for (let joinedAt = -Infinity;; joinedAt = clock.now()) {
      let reason = "unknown node";
      try {
        const answer = await call();
        if (!isForgotten(answer) || isRecent(joinedAt, clock)) return answer;
      } catch (thrown) {
        const error = FlwrError.from(thrown);
        if (isSuperseded(error)) throw new Superseded(this.#nodeId, error);
        if (!FORGOTTEN.has(error.code) || isRecent(joinedAt, clock) || signal.aborted) throw error;
        reason = error.message;
      }
      this.#log.warn("The SuperLink rejected node {nodeId} ({reason}). Joining again", {
        nodeId: this.#nodeId,
        reason,
      });
      await this.join(signal);
    }
  }

  /** Leaves, within a few seconds. */
  async leave(): Promise<void> {
    const { connection, clock } = this.#options;
    const patience = new AbortController();
    const left = connection.leave().then(() => true, (error) => {
      this.#log.debug("Leaving failed: {reason}", { reason: FlwrError.from(error).message });
      return false;
    });
    const inTime = await Promise.race([
      left,
      clock.sleep(FAREWELL_SECONDS, patience.signal).then(() => false),
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
            "{superLink} does not admit this node now: after a kill it counts as online for a minute, " +
              "or its key is not registered; trying for {seconds} s",
            { superLink, seconds: TAKE_OVER_PATIENCE_SECONDS },
          );
        }
        await clock.sleep(TAKE_OVER_TRY_SECONDS, signal);
        if (signal.aborted) throw error;
      }
    }
    const words = name === undefined ? "" : " as {name}";
    this.#log.info(`SuperNode {nodeId} joined {superLink}${words}`, {
      event: "joined",
      nodeId: this.#nodeId,
      superLink,
      ...(name !== undefined && { name: shownName(name) }),
    });
  }
}

/** Another SuperNode has joined with this node's key, so this one ends. */
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

/** A held call may fail long after the join: then it is another restart that it tells of. */
function isRecent(joinedAt: number, clock: Clock): boolean {
  return clock.now() - joinedAt < REJOIN_MIN_SECONDS;
}

/**
 * Flower's own SuperLink refuses the key of a node that it counts as online, as after a kill, and in the same words one
 * that is not registered (contract, section 3.5). Ours takes the node back at once.
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
