import type { Credentials } from "../../tests/support/credentials.ts";
import type { Process } from "../../tests/support/process.ts";
import type { Stage } from "../../tests/support/stage.ts";
import type { Side } from "./comparison.ts";
import type { RunHistory } from "./run_history.ts";

/** Where a federation of one turn plays. */
export interface Place {
  readonly stage: Stage;
  /** TLS and node authentication are always on. */
  readonly credentials: Credentials;
}

/** A role's process, and how long it took from its start until it was of use. */
export interface StartedRole {
  readonly process: Process;
  readonly readySeconds: number;
}

/** A SuperLink that listens. */
export interface StartedSuperLink extends StartedRole {
  /** Addresses of its APIs, as host:port. */
  readonly driver: string;
  readonly fleet: string;
}

/** A ServerApp that runs, or has run. */
export interface StartedServerApp {
  readonly process: Process;
  /** Seconds until it had loaded its app and said so. */
  readonly readySeconds: Promise<number>;
  /** What it reported, once its process has ended well. */
  history(): Promise<RunHistory>;
}

/** An implementation of Flower together with the app that it runs. */
export interface Contestant {
  readonly side: Side;
  /** Ready when both APIs listen. */
  startSuperLink(place: Place): Promise<StartedSuperLink>;
  /**
   * Ready when a ServerApp would see it online.
   *
   * @param node 1 for the first; started one after the other
   */
  startSuperNode(place: Place, superLink: StartedSuperLink, node: number): Promise<StartedRole>;
  startServerApp(place: Place, superLink: StartedSuperLink): StartedServerApp;
}
