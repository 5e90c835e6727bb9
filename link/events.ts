import type { ArtifactNotice } from "./artifacts/context.ts";
import type { MessageNotice } from "./messages/notices.ts";
import type { NodeNotice } from "./nodes/context.ts";
import type { RunNotice } from "./runs/context.ts";
import type { StoreNotice } from "./transactions/store_trouble.ts";

/** What happens in the SuperLink, reported after it is stored: for logs and metrics. */
export type LinkEvent =
  | NodeNotice
  | RunNotice
  | MessageNotice
  | ArtifactNotice
  | StoreNotice
  /** The store failed under the housekeeper, which tries again. */
  | { readonly kind: "housekeeping-failed"; readonly error: unknown };
