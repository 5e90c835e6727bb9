import type { Credentials } from "./credentials.ts";
import { joined, startServerApp, startSuperLink, startSuperNode } from "./flwr.ts";
import { type RunResult, runResult } from "./result.ts";
import type { Stage } from "./stage.ts";

/** A whole run with two SuperNodes, on which nothing goes wrong: what disturbed runs are compared with. */
export async function undisturbedRun(stage: Stage, credentials: Credentials): Promise<RunResult> {
  const { driver, fleet } = await startSuperLink({ stage, credentials });
  await Promise.all(
    [1, 2].map((node) => joined(startSuperNode({ stage, credentials, fleet, node }))),
  );
  const result = stage.path("undisturbed.json");
  return await runResult(startServerApp({ stage, credentials, driver, result }), result);
}
