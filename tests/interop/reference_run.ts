import type { Credentials } from "../support/credentials.ts";
import { startPeerServerApp, startPeerSuperLink, startPeerSuperNode } from "../support/peer.ts";
import { type RunResult, runResult } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";

/**
 * The whole run with nothing but the real Flower: what every other combination is compared with.
 *
 * @param rounds default: 3
 */
export async function pythonRun(
  stage: Stage,
  python: string,
  credentials?: Credentials,
  rounds?: number,
): Promise<RunResult> {
  const peer = { stage, python, credentials };
  const { driver, fleet } = await startPeerSuperLink(peer);
  for (const node of [1, 2]) startPeerSuperNode({ ...peer, fleet, node });
  const result = stage.path("reference.json");
  return await runResult(startPeerServerApp({ ...peer, driver, result, rounds }), result);
}
