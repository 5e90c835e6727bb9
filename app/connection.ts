import type { ConfigRecord } from "./config_record.ts";
import type { Message } from "./message.ts";
import type { MessageId, NodeId, RunId } from "../entities/metadata.ts";

/**
 * A SuperNode's connection to its SuperLink, independent of the version of Flower's wire protocol. Each dialect under
 * `rpc/dialects/` implements it. All methods reject with a FlwrError; connection failures have then been retried
 * according to the connection's retry policy.
 */
export interface FleetConnection {
  /**
   * Joins the federation, for the first time or again. With a key, the id is the same each time.
   *
   * @param heartbeatInterval seconds within which the node promises to call `heartbeat`
   */
  join(heartbeatInterval: number): Promise<NodeId>;
  /**
   * Tells the SuperLink that the node is alive.
   *
   * @returns false if the SuperLink does not know the node: join again
   */
  heartbeat(heartbeatInterval: number): Promise<boolean>;
  /** Returns the next instruction for this node, or undefined if there was none while the SuperLink held the call. */
  pull(signal?: AbortSignal): Promise<Message | undefined>;
  /**
   * Sends the reply to an instruction that was pulled through this connection.
   *
   * @param clientAppSeconds time that the ClientApp worked on it, in seconds
   */
  push(reply: Message, clientAppSeconds?: number): Promise<void>;
  /**
   * Returns the SuperLink's data about a run. Undefined if it does not know the run, and with the 1.9 wire, which has
   * no such data.
   */
  run(runId: RunId): Promise<RunInfo | undefined>;
  /** Downloads the app bundle of a run and checks its hash. @throws FlwrError "not-found" or "data-loss" */
  fab(run: RunInfo): Promise<AppBundle>;
  /**
   * Downloads a piece of a run's attachment (a file next to its bundle) and checks its hash. Flower's own SuperLinks
   * have no attachments.
   *
   * @param hash SHA-256 of the piece, lower-case hexadecimal
   * @throws FlwrError "not-found" or "data-loss"
   */
  piece(run: RunInfo, hash: string): Promise<Uint8Array>;
  /** Leaves the federation. It tries once and never retries, so that a stopping node does not wait. */
  leave(): Promise<void>;
  /** Closes the connection and ends open calls. */
  close(): void;
}

/** A run as its nodes see it. */
export interface RunInfo {
  readonly runId: RunId;
  /** "publisher/name"; empty if the ServerApp started the run itself, without a bundle. */
  readonly fabId: string;
  readonly fabVersion: string;
  /** SHA-256 of the bundle, lower-case hexadecimal; empty without a bundle. */
  readonly fabHash: string;
  /** Settings given at submission, which override the bundle's. */
  readonly overrideConfig: ConfigRecord;
  /** Runs of one series share the nodes' state. */
  readonly seriesId: bigint;
}

/** An app bundle (FAB) with the signatures of those who vouch for it. */
export interface AppBundle {
  readonly hash: string;
  readonly content: Uint8Array;
  /** Signatures as JSON, by the id of the signing key. */
  readonly verifications: Readonly<Record<string, string>>;
}

/** A node that is online. */
export interface OnlineNode {
  readonly nodeId: NodeId;
  /** Name of the node, if the SuperLink reports one; not unique. */
  readonly name?: string;
}

/** The fold of the replies to some instructions. Strategies make it (`app/strategy/fold`), for connections with `folds`. */
export interface PushedFold {
  /** How replies are folded. */
  readonly plan: {
    /** Number of replies at most. */
    readonly replies: number;
  };
}

/** A ServerApp's connection to its SuperLink, independent of the version of Flower's wire protocol. */
export interface DriverConnection {
  /** Starts a run. */
  createRun(): Promise<RunId>;
  /** The nodes that are online now. The same list again means that nothing has changed. */
  nodes(runId: RunId): Promise<readonly OnlineNode[]>;
  /** Whether no node can join later, as in a simulation (default: no). */
  readonly nodesAreFixed?: boolean;
  /** Whether `push` takes a fold, because the nodes work in this process (default: no). */
  readonly folds?: boolean;
  /**
   * Sends instructions to the SuperLink in one call.
   *
   * @param fold the nodes add their replies to it, and only the rest of each arrives. Only with `folds`
   * @returns their ids in the same order; undefined for an instruction that the SuperLink refused
   */
  push(
    runId: RunId,
    instructions: readonly Message[],
    fold?: PushedFold,
  ): Promise<(MessageId | undefined)[]>;
  /**
   * Returns the available replies to the given instructions, as soon as there is one; empty if there was none while the
   * SuperLink held the call. An instruction that can no longer be answered is returned as an error reply.
   */
  pull(runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]>;
  /**
   * As {@link pull}, but fetches the content of a reply when it is asked for. Absent if the wire sends the content of
   * all available replies at once.
   */
  pullEach?(
    runId: RunId,
    ids: readonly MessageId[],
    signal?: AbortSignal,
  ): AsyncIterable<Message>;
  /** Closes the connection and ends open calls. */
  close(): void;
}
