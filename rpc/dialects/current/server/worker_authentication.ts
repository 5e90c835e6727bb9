import { sha256Hex } from "../../../../base/platform.ts";
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

/** The run's id and 256 random bits. */
const TOKEN = /^(\d{1,20})\.([0-9a-f]{64})$/;
const MAX_ID = 2n ** 64n - 1n;

/**
 * Authenticates simulation workers by the token of their run before any of the body is read. The SuperLink knows only
 * the SHA-256 of the token's random part, which the run's submitter sent.
 */
export function workerAuthentication(
  runs: Pick<Link["runs"], "get">,
): Pick<ServiceOptions<typeof NodeJobs, WorkerCaller>, "admit" | "authenticate"> {
  return {
    async admit(call) {
      if (NODE_JOBS_POLICY[call.method] === undefined) {
        throw new TypeError(`No policy for ${call.method}`);
      }
      await callerOf(call, runs);
    },
    // Again, because the run may be gone when the request has been read.
    authenticate: (call) => callerOf(call, runs),
  };
}

async function callerOf(call: CallHead, runs: Pick<Link["runs"], "get">): Promise<WorkerCaller> {
  const [, id, secret] = TOKEN.exec(call.header(WORKER_TOKEN_HEADER) ?? "") ?? [];
  const runId = id === undefined ? MAX_ID + 1n : BigInt(id);
  const run = runId > MAX_ID ? undefined : await runs.get(runId);
  const hash = run?.simulation?.workersTokenHash;
  if (hash === undefined || hash !== sha256Hex(secret!)) {
    throw new FlwrError(
      "unauthenticated",
      "The token belongs to no run of this SuperLink that is simulated by workers",
      { hints: ["Give the file that flwr run wrote for this run, by --token-file"] },
    );
  }
  return { run: run! };
}
