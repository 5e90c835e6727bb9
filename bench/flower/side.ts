import type { Credentials } from "../../tests/support/credentials.ts";
import type { Process } from "../../tests/support/process.ts";
import type { Stage } from "../../tests/support/stage.ts";
import type { Side } from "../support/comparison.ts";

/** Where a federation of one turn plays. TLS and node authentication are always on. */
export interface FlowerPlace {
  readonly stage: Stage;
  readonly credentials: Credentials;
}

/** How a SuperLink is started. */
export interface SuperLinkOptions {
  /** A SQLite file, or for this project's a URL of PostgreSQL; without it the state is in memory. */
  readonly database?: string;
  /** Whether the SuperLink starts ServerApps itself, as both do by default. */
  readonly apps?: "here" | "elsewhere";
  /** Whether it serves the Fleet API over gRPC, too. */
  readonly grpc?: boolean;
  /** More flags of this project's SuperLink. */
  readonly flags?: readonly string[];
}

/** A SuperLink that answers. */
export interface StartedSuperLink {
  readonly process: Process;
  /** Where HTTP is, and with `grpc` the Fleet API over gRPC, as "host:port". */
  readonly http: string;
  readonly grpc: string;
  /** From the start of its process until it answered, in seconds. */
  readonly readySeconds: number;
}

/** A SuperNode that is online. */
export interface StartedSuperNode {
  readonly process: Process;
  /** From the start of its process until it said that it was online, in seconds. */
  readonly readySeconds: number;
}

/** A folder for `flwr` that knows one SuperLink by the name `here`. */
export interface FlwrCommand {
  /** Starts a command line, `["ls", "here"]`. */
  start(args: readonly string[]): Process;
}

/** Today's Flower as its users start it: this project's, or the real one in Python. */
export interface FlowerSide {
  readonly side: Side;
  /** Ready when its HTTP port answers. */
  startSuperLink(place: FlowerPlace, options?: SuperLinkOptions): Promise<StartedSuperLink>;
  /**
   * A SuperNode to which runs bring their apps.
   *
   * @param http the SuperLink's address
   * @param node 1 for the first; its key is registered
   */
  startSuperNode(place: FlowerPlace, http: string, node: number): Promise<StartedSuperNode>;
  command(place: FlowerPlace, http: string): Promise<FlwrCommand>;
}
