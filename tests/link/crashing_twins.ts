import type { Random } from "../../base/random.ts";
import type { Failpoint, Operation } from "./crash_protocol.ts";
import { Crashed, CrashingSuperLink, RestartingSuperLink } from "./restarting_superlink.ts";

/** Longest time in seconds by which the clock of one SuperLink is ahead of the other's: less than half a lease. */
const SKEW_SECONDS = 2;
/** Largest number of steps in which time passes: after long times without calls, nothing is under way. */
const MAX_STEPS = 40;

/** Two SuperLinks that share a database. Each call goes to one of them. */
export class CrashingTwins extends CrashingSuperLink implements AsyncDisposable {
  readonly hasLeases = true;
  readonly #twins: readonly [RestartingSuperLink, RestartingSuperLink];
  readonly #random: Random;

  /** @param target a PostgresTarget as JSON */
  constructor(target: string, random: Random) {
    super();
    this.#twins = [new RestartingSuperLink(target), new RestartingSuperLink(target)];
    this.#random = random;
  }

  get deaths(): number {
    return this.#twins[0].deaths + this.#twins[1].deaths;
  }

  call<T>(operation: Operation, ...input: readonly unknown[]): Promise<T> {
    return this.#any().call<T>(operation, ...input);
  }

  async arm(failpoint: Failpoint): Promise<void> {
    await this.#any().arm(failpoint);
  }

  /** Lets time pass at both in turns. One that crashes is restarted. */
  override async pass(seconds: number): Promise<void> {
    const target = this.now + seconds;
    const step = Math.max(SKEW_SECONDS, seconds / MAX_STEPS);
    let crash: Crashed | undefined;
    while (this.now < target) {
      const passed = Math.min(step, target - this.now);
      this.now += passed;
      for (const twin of this.#twins) {
        await twin.pass(passed).catch((error) => {
          if (!(error instanceof Crashed)) throw error;
          crash = error;
        });
      }
    }
    if (crash !== undefined) throw crash;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const twin of this.#twins) await twin[Symbol.asyncDispose]();
  }

  #any(): RestartingSuperLink {
    return this.#twins[this.#random.uniform() < 0.5 ? 0 : 1];
  }
}
