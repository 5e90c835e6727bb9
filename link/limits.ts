import { type ArtifactLimits, DEFAULT_ARTIFACT_LIMITS } from "./artifacts/context.ts";
import { DEFAULT_GARBAGE_LIMITS, type GarbageLimits } from "./collect_garbage.ts";
import { DEFAULT_HOUSEKEEPING_LIMITS, type HousekeepingLimits } from "./housekeeper.ts";
import { DEFAULT_JOURNAL_LIMITS, type JournalLimits } from "./journal/context.ts";
import { DEFAULT_MESSAGE_LIMITS, type MessageLimits } from "./messages/context.ts";
import { DEFAULT_NODE_LIMITS, type NodeLimits } from "./nodes/context.ts";
import { DEFAULT_OBJECT_LIMITS, type ObjectLimits } from "./objects/context.ts";
import { DEFAULT_RUN_LIMITS, type RunLimits } from "./runs/context.ts";
import { DEFAULT_LONG_POLL_LIMITS, type LongPollLimits } from "./transactions/long_poll.ts";
import { DEFAULT_SERVER_LIMITS, type ServerLimits } from "./transactions/server_lease.ts";

/** Limits of the SuperLink's domain. Times are in seconds. */
export type LinkLimits =
  & NodeLimits
  & RunLimits
  & MessageLimits
  & ObjectLimits
  & ArtifactLimits
  & JournalLimits
  & LongPollLimits
  & ServerLimits
  & HousekeepingLimits
  & GarbageLimits;

/** Default limits of the domain. */
export const DEFAULT_LINK_LIMITS: LinkLimits = {
  ...DEFAULT_NODE_LIMITS,
  ...DEFAULT_RUN_LIMITS,
  ...DEFAULT_MESSAGE_LIMITS,
  ...DEFAULT_OBJECT_LIMITS,
  ...DEFAULT_ARTIFACT_LIMITS,
  ...DEFAULT_JOURNAL_LIMITS,
  ...DEFAULT_LONG_POLL_LIMITS,
  ...DEFAULT_SERVER_LIMITS,
  ...DEFAULT_HOUSEKEEPING_LIMITS,
  ...DEFAULT_GARBAGE_LIMITS,
};
