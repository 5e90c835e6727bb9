import type { ArtifactEvent } from "./artifacts/context.ts";
import type { MessageEvent } from "./messages/events.ts";
import type { NodeEvent } from "./nodes/context.ts";
import type { RunEvent } from "./runs/context.ts";
import type { StoreEvent } from "./transactions/store_trouble.ts";

/** Event of the SuperLink's domain, for logs and metrics. Reported after it is stored. */
export type LinkEvent =
  | NodeEvent
  | RunEvent
  | MessageEvent
  | ArtifactEvent
  | StoreEvent
  /** The store failed during housekeeping. The housekeeper tries again. */
  | { readonly kind: "housekeeping-failed"; readonly error: unknown };
