import { RateLimiter } from "../../../../auth/rate_limiter.ts";
import { RecentMap } from "../../../../base/recent_map.ts";
import { hostOfPeer } from "../../../address.ts";
import { networkOf } from "../../../network.ts";
import { sha256Hex } from "../../../../base/platform.ts";
import { WORKER_TOKEN } from "../../../../entities/node_job.ts";
import type { LinkRun } from "../../../../entities/run.ts";
import type { Link } from "../../../../link/link.ts";
import type { NodeJobs } from "../../../../proto/gen/current/simulation_pb.ts";
import { FlwrError } from "../../../../base/error.ts";
import type { CallHead } from "../../../call.ts";
import type { ServiceOptions } from "../../../service.ts";
import { WORKER_TOKEN_HEADER } from "../headers.ts";
import { NODE_JOBS_POLICY } from "./node_jobs_policy.ts";

/** Caller with the token of a run's simulation workers. */
export interface WorkerCaller {
  /** The run, which may be over. */
  readonly run: LinkRun;
}

const MAX_ID = 2n ** 64n - 1n;

/** Runs whose hash is remembered, those that workers asked for last. A run's hash never changes. */
const MAX_KNOWN_RUNS = 1000;

/**
 * Runs of which one network may ask without a valid token: in a burst, and per second in the long run. Each costs the
 * store a read. Workers of a run that had a worker already need none.
 */
const UNKNOWN_RUNS = { burst: 100, perSecond: 10 } as const;

/**
 * Authenticates simulation workers by the token of their run before any of the body is read. The SuperLink knows only
 * the SHA-256 of the token's random part, which the run's submitter sent.
 */
export function workerAuthentication(
  runs: Pick<Link["runs"], "get">,
): Pick<ServiceOptions<typeof NodeJobs, WorkerCaller>, "admit" | "authenticate"> {
  const tokens = new WorkerTokens(runs);
  return {
    async admit(call) {
      if (NODE_JOBS_POLICY[call.method] === undefined) {
        throw new TypeError(`No policy for ${call.method}`);
      }
      await tokens.callerOf(call);
    },
    // Again, because the run may be gone when the request has been read.
    authenticate: (call) => tokens.callerOf(call),
  };
}

/** Checks tokens. Guesses cost the store a bounded number of reads. */
class WorkerTokens {
  readonly #runs: Pick<Link["runs"], "get">;
  readonly #hashes = new RecentMap<bigint, string>(MAX_KNOWN_RUNS);
  readonly #guesses = new RateLimiter(UNKNOWN_RUNS);

  constructor(runs: Pick<Link["runs"], "get">) {
    this.#runs = runs;
  }

  /** @throws FlwrError "unauthenticated" for a wrong token, "unavailable" after too many of them */
  async callerOf(call: CallHead): Promise<WorkerCaller> {
    const { groups } = WORKER_TOKEN.exec(call.header(WORKER_TOKEN_HEADER) ?? "") ?? {};
    const runId = groups === undefined ? MAX_ID + 1n : BigInt(groups["runId"]!);
    if (runId > MAX_ID) throw denied();
    const given = sha256Hex(groups!["secret"]!);
    const known = this.#hashes.get(runId);
    if (known === undefined) this.#requireFewGuesses(call);
    else if (known !== given) throw denied();
    const run = await this.#runs.get(runId);
    const hash = run?.simulation?.workersTokenHash;
    if (run === undefined || hash === undefined) throw denied();
    this.#hashes.set(runId, hash);
    if (hash !== given) throw denied();
    return { run };
  }

  #requireFewGuesses({ peer }: CallHead): void {
    if (this.#guesses.take(networkOf(hostOfPeer(peer))) === 0) return;
    throw new FlwrError("unavailable", "Too many calls with tokens of unknown runs from there");
  }
}

function denied(): FlwrError {
  return new FlwrError(
    "unauthenticated",
    "The token belongs to no run of this SuperLink that is simulated by workers",
    { hints: ["Give the file that flwr run wrote for this run, by --token-file"] },
  );
}
