import type { Clock } from "../../base/clock.ts";

/** Seconds for which a URL of PullArtifacts is valid: enough to copy it by hand. */
export const ARTIFACT_LINK_SECONDS = 600;

/** Maximum number of valid links, of about 100 bytes each. A new one replaces the oldest. */
export const MAX_ARTIFACT_LINKS = 1000;

/** Random bytes of a token, which is written in hexadecimal. */
const TOKEN_BYTES = 32;

/** Temporary links to runs' artifacts. They are kept in memory, so a restart invalidates them. */
export class ArtifactLinks {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #links = new Map<string, { readonly runId: bigint; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Issues a token for a run. */
  issue(runId: bigint): string {
    const now = this.#clock.now();
    for (const [token, { until }] of this.#links) {
      if (until > now && this.#links.size < MAX_ARTIFACT_LINKS) break;
      this.#links.delete(token);
    }
    const token = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES)).toHex();
    this.#links.set(token, { runId, until: now + ARTIFACT_LINK_SECONDS });
    return token;
  }

  /** The run of a token. Undefined for an unknown or expired token. */
  runOf(token: string): bigint | undefined {
    const link = this.#links.get(token);
    return link !== undefined && link.until > this.#clock.now() ? link.runId : undefined;
  }
}
