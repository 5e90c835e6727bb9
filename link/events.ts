import type { ArtifactEvent } from "./artifacts/context.ts";
import type { MessageEvent } from "./messages/events.ts";
import type { NodeEvent } from "./nodes/context.ts";
import type { RunEvent } from "./runs/context.ts";
import type { StoreEvent } from "./transactions/store_trouble.ts";

/** What happens in the SuperLink, reported after it is stored: for logs and metrics. */
export type LinkEvent =
  | NodeEvent
  | RunEvent
  | MessageEvent
  | ArtifactEvent
  | StoreEvent
  /** The store failed under the housekeeper, which tries again. */
  | { readonly kind: "housekeeping-failed"; readonly error: unknown };
