import type { ConfigRecord } from "./config_record.ts";
import type { Message } from "./message.ts";
import type { MessageId, NodeId, RunId } from "../entities/metadata.ts";

/**
 * A SuperNode's line to its SuperLink, whatever generation of Flower's wire carries it. Each dialect under
 * `rpc/dialects/` implements it. Every method rejects with a FlwrError; connection failures have been retried as
 * the connection's retry policy says before they reach the caller.
 */
export interface FleetConnection {
  /**
   * Joins the federation (again). With a key the id is the same at every join.
   *
   * @param heartbeatInterval seconds within which the node promises to call `heartbeat`
   */
  join(heartbeatInterval: number): Promise<NodeId>;
  /**
   * Says that the node is alive.
   *
   * @returns false when the SuperLink does not know the node (any more): join again
   */
  heartbeat(heartbeatInterval: number): Promise<boolean>;
  /** The next instruction for this node, or undefined when the SuperLink had none for as long as it held the call. */
  pull(signal?: AbortSignal): Promise<Message | undefined>;
  /**
   * Sends the reply to an instruction that was pulled here.
   *
   * @param clientAppSeconds how long the ClientApp worked on it
   */
  push(reply: Message, clientAppSeconds?: number): Promise<void>;
  /**
   * What the SuperLink says of a run; undefined when it does not know it (any more), and from the 1.9 wire, on which
   * runs say nothing.
   */
  run(runId: RunId): Promise<RunInfo | undefined>;
  /** The app bundle of a run, checked against its hash. @throws not-found, data-loss */
  fab(run: RunInfo): Promise<AppBundle>;
  /**
   * A piece of a file that travels beside the bundle of a run, checked against its hash. Flower's own SuperLinks have
   * none.
   *
   * @param hash SHA-256 of the piece, lower-case hexadecimal
   * @throws not-found, data-loss
   */
  piece(run: RunInfo, hash: string): Promise<Uint8Array>;
  /** Leaves the federation. Tried once, never retried: a node that stops does not wait. */
  leave(): Promise<void>;
  /** Closes the connection; open calls end. */
  close(): void;
}

/** A run as its nodes see it. */
export interface RunInfo {
  readonly runId: RunId;
  /** "publisher/name"; empty when the ServerApp started itself: there is no bundle then. */
  readonly fabId: string;
  readonly fabVersion: string;
  /** SHA-256 of the bundle, lower-case hexadecimal; empty without one. */
  readonly fabHash: string;
  /** Settings given at submission, which override the bundle's own. */
  readonly overrideConfig: ConfigRecord;
  /** Runs of one series share the nodes' state. */
  readonly seriesId: bigint;
}

/** An app bundle (FAB) with who vouches for it. */
export interface AppBundle {
  readonly hash: string;
  readonly content: Uint8Array;
  /** By the id of the signing key: the signature, as JSON. */
  readonly verifications: Readonly<Record<string, string>>;
}

/** A node that is online. */
export interface OnlineNode {
  readonly nodeId: NodeId;
  /** What people call it, where the SuperLink says so; not unique. */
  readonly name?: string;
}

/** A ServerApp's line to its SuperLink, whatever generation of Flower's wire carries it. */
export interface DriverConnection {
  /** Starts a run. */
  createRun(): Promise<RunId>;
  /** The nodes that are online now. */
  nodes(runId: RunId): Promise<OnlineNode[]>;
  /**
   * Hands instructions to the SuperLink, all in one call.
   *
   * @returns their ids in the same order; undefined for one that the SuperLink refused
   */
  push(runId: RunId, instructions: readonly Message[]): Promise<(MessageId | undefined)[]>;
  /**
   * The replies that are there for the given instructions. Returns as soon as there is one, or empty after the
   * SuperLink held the call for as long as it does. An instruction that can no longer be answered comes back as
   * an error reply.
   */
  pull(runId: RunId, ids: readonly MessageId[], signal?: AbortSignal): Promise<Message[]>;
  /** Closes the connection; open calls end. */
  close(): void;
}
