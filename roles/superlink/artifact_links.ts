import type { Clock } from "../../base/clock.ts";

/** Seconds for which artifacts can be fetched from where PullArtifacts said: time to copy the address by hand. */
export const ARTIFACT_LINK_SECONDS = 600;

/** Such addresses that are good at the same time; the oldest go: 100 bytes or so each. */
export const MAX_ARTIFACT_LINKS = 1000;

/** Bytes of a token before they are written in hexadecimal: nobody guesses it. */
const TOKEN_BYTES = 32;

/** What lets its holder fetch a run's artifacts for a while. In memory: after a restart all are void. */
export class ArtifactLinks {
  readonly #clock: Clock;
  /** The oldest first. */
  readonly #links = new Map<string, { readonly runId: bigint; readonly until: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A new token for a run. */
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

  /** The run of a token; undefined for one that is not, or no longer, good. */
  runOf(token: string): bigint | undefined {
    const link = this.#links.get(token);
    return link !== undefined && link.until > this.#clock.now() ? link.runId : undefined;
  }
}
