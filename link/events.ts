import type { ArtifactEvent } from "./artifacts/context.ts";
import type { MessageEvent } from "./messages/events.ts";
import type { NodeEvent } from "./nodes/context.ts";
import type { ObjectStoreEvent } from "./objects/large_objects.ts";
import type { RunEvent } from "./runs/context.ts";
import type { StoreEvent } from "./transactions/store_trouble.ts";

/** Event of the SuperLink's domain, for logs and metrics. Reported after it is stored. */
export type LinkEvent =
  | NodeEvent
  | RunEvent
  | MessageEvent
  | ArtifactEvent
  | StoreEvent
  | ObjectStoreEvent
  /** Bytes without an object in the database were removed from the object store: a SuperLink had crashed. */
  | { readonly kind: "orphans-removed"; readonly objects: number }
  /** Another SuperLink on the same store has ended or lost the store. What it had handed out is taken back. */
  | {
    readonly kind: "superlink-ended";
    readonly serverId: bigint;
    /** What showed it: its lease ended, or its session at the database did before. */
    readonly shownBy: "lease" | "session";
  }
  /** The store failed during housekeeping. The housekeeper tries again. */
  | { readonly kind: "housekeeping-failed"; readonly error: unknown };
