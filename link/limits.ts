/** What bounds the SuperLink's domain. Times are in seconds. */
export interface LinkLimits {
  /** The longest that a pull is held. HTTP clients of the current Flower give up at 30 s. */
  readonly maxHoldSeconds: number;
  /** How often one instruction is handed out before it counts as killing its node. */
  readonly maxDeliveries: number;
  /** How long a reply, or an error in its place, can be asked for again after it was first given. */
  readonly replyGraceSeconds: number;
  /** The longest heartbeat interval a node may ask for (Flower 1.41 accepts 10 to 1800). */
  readonly maxHeartbeatIntervalSeconds: number;
  /** How long a node without a key is remembered after it went offline: it can never be recognised again. */
  readonly anonymousNodeRetentionSeconds: number;
  /**
   * How long a node with a key that registered itself is remembered while it is away. Infinity where the SuperLink's
   * owner says who is admitted.
   */
  readonly absentNodeRetentionSeconds: number;
  /**
   * How many nodes that are away, and that time forgets, are remembered. Beyond it those that never joined are forgotten
   * first, then those that time would forget next: strangers can register any number.
   */
  readonly maxAbsentNodes: number;
  /** No message is older than this Unix time: 2024-03-27, the bound of Flower 1.9. */
  readonly earliestCreatedAt: number;
  /** How far in the future an instruction's creation may lie: the sender's clock may be ahead. */
  readonly maxClockSkewSeconds: number;
  /** The longest validity of an instruction, and so the longest that an abandoned one is kept. */
  readonly maxTtlSeconds: number;
  /** How much later than its instruction a reply may expire: floating-point slack, as in Flower 1.41. */
  readonly replyTtlToleranceSeconds: number;
  /** How deep the objects of a content may be nested. Flower's go 5 deep: message to array chunk. */
  readonly maxObjectDepth: number;
  /** How many nodes a message's tree may have, where an object stands at each place that refers to it. */
  readonly maxTreeNodes: number;
  /** The longest message type and group id, in UTF-16 code units. */
  readonly maxLabelLength: number;
  /** How long who took on a run has to begin it (Flower 1.41). */
  readonly claimSeconds: number;
  /** How long a running ServerApp may be silent (Flower 1.41; its heartbeats come every 17.5 to 22.5 s). */
  readonly taskTimeoutSeconds: number;
  /** How much is kept of what one run's ServerApp wrote, in bytes of UTF-8. */
  readonly maxLogBytesPerRun: number;
  /** The longest entry of a log, in UTF-16 code units: logs are read and cut in whole entries. At least 2. */
  readonly maxLogEntryLength: number;
  /** How many finished runs are remembered; the first to have finished goes first. Infinity for all. */
  readonly maxFinishedRuns: number;
  /** How much the logs of finished runs may have together, in bytes of UTF-8; they go before their runs do. */
  readonly maxFinishedLogBytes: number;
  /**
   * How many bytes the artifacts of finished runs may have together; they go before their runs do. Those of five of
   * the largest runs fit; a store in memory holds them too.
   */
  readonly maxFinishedArtifactBytes: number;
  /** How long all of a finished run is kept whatever these three limits say: somebody may wait for its end. */
  readonly finishedRunGraceSeconds: number;
  /**
   * How long a run that started itself may be silent, neither sending instructions nor having any under way: its wire
   * cannot say that it is over. It is as long as an instruction may be valid.
   */
  readonly selfStartedRunSeconds: number;
  /** How many artifacts a run may have: one for each of a thousand rounds. */
  readonly maxArtifactsPerRun: number;
  /**
   * How many bytes a run's artifacts may have together: half of what a .zip holds that every program reads (4 GiB), and
   * as much as a store in memory can hold beside the messages of other runs.
   */
  readonly maxArtifactBytesPerRun: number;
  /** The largest piece of an artifact, in bytes: as Flower's chunks of arrays; none is ever whole in memory. */
  readonly maxArtifactPieceBytes: number;
  /** The smallest piece but for the last, in bytes: so a whole run's artifacts have 2048 pieces and the last of each. */
  readonly minArtifactPieceBytes: number;
  /** The largest piece of an attachment, in bytes: what bundles divide them into. */
  readonly maxPieceBytes: number;
  /** How many pieces one call names: a bundle has 288 at most. */
  readonly maxNamedPieces: number;
  /** How many pieces of attachments are kept: those of sixteen of the largest bundles. */
  readonly maxPieces: number;
  /** How many bytes these have together: those of four of the largest bundles. A store in memory holds them too. */
  readonly maxAttachedBytes: number;
  /** How long a piece that no bundle needs is kept. Anyone who reaches the Control API may send pieces. */
  readonly sparePieceSeconds: number;
  /** How long a push waits for its next object (Flower 1.41). */
  readonly pushSessionSeconds: number;
  /** How many pushes of one caller, for one run, may wait for objects at the same time. */
  readonly maxOpenPushes: number;
  /** How much the pushes of one caller, for one run, that wait for more may have brought, in bytes. */
  readonly maxOpenPushBytes: number;
  /** How many ids of objects are remembered with the trees that they form, to look them up without the store. */
  readonly maxCachedTreeIds: number;
  /** How many instructions, nodes and runs the housekeeper settles in one transaction. */
  readonly housekeepingBatch: number;
  /** How many abandoned pushes, which can have thousands of objects each, it clears in one transaction. */
  readonly housekeepingPushBatch: number;
  /** How many entries of a log it removes before it looks at the time. */
  readonly housekeepingLogEntries: number;
  /** How long it waits, in seconds, before it gives some more of the store's free space back. */
  readonly reclaimIntervalSeconds: number;
  /** How long, in seconds, one such transaction may begin to settle more: nobody is answered meanwhile. */
  readonly housekeepingSeconds: number;
}

/** The limits that hold when nothing else is said. */
export const DEFAULT_LINK_LIMITS: LinkLimits = {
  maxHoldSeconds: 20,
  maxDeliveries: 5,
  replyGraceSeconds: 60,
  maxHeartbeatIntervalSeconds: 1800,
  anonymousNodeRetentionSeconds: 3600,
  absentNodeRetentionSeconds: 7 * 86_400,
  maxAbsentNodes: 10_000,
  earliestCreatedAt: 1_711_497_600,
  maxClockSkewSeconds: 300,
  maxTtlSeconds: 30 * 86_400,
  replyTtlToleranceSeconds: 0.1,
  maxObjectDepth: 16,
  maxTreeNodes: 50_000,
  maxLabelLength: 1024,
  claimSeconds: 30,
  taskTimeoutSeconds: 60,
  maxLogBytesPerRun: 16 * 2 ** 20,
  maxLogEntryLength: 64 * 2 ** 10,
  maxFinishedRuns: 10_000,
  maxFinishedLogBytes: 512 * 2 ** 20,
  maxFinishedArtifactBytes: 10 * 2 ** 30,
  finishedRunGraceSeconds: 60,
  selfStartedRunSeconds: 30 * 86_400,
  maxArtifactsPerRun: 1000,
  maxArtifactBytesPerRun: 2 * 2 ** 30,
  maxArtifactPieceBytes: 5 * 2 ** 20,
  minArtifactPieceBytes: 2 ** 20,
  maxPieceBytes: 4 * 2 ** 20,
  maxNamedPieces: 512,
  maxPieces: 4096,
  maxAttachedBytes: 4 * 2 ** 30,
  sparePieceSeconds: 3600,
  pushSessionSeconds: 180,
  maxOpenPushes: 64,
  maxOpenPushBytes: 16 * 2 ** 30,
  maxCachedTreeIds: 200_000,
  housekeepingBatch: 100,
  housekeepingPushBatch: 5,
  housekeepingLogEntries: 1000,
  reclaimIntervalSeconds: 1,
  housekeepingSeconds: 0.05,
};
