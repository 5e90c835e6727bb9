import assert from "node:assert/strict";
import { flowerEnvironmentVariables } from "../support/flower.ts";
import { joined, startFlwr, startSuperLink } from "../support/flwr.ts";
import { repositoryPath } from "../support/repository.ts";
import type { Stage } from "../support/stage.ts";

const APPS = repositoryPath("tests/interop/apps");

/**
 * Runs a Python ServerApp on our SuperLink with a ClientApp of ours on one SuperNode.
 *
 * @param python the Python with the real Flower, which runs the ServerApp
 * @param apps names of folders in `tests/interop/apps`
 * @param seconds how long the run may take
 * @param settings further settings of the run, as for `flwr run --run-config`
 * @returns the JSON that the ServerApp wrote to the file that its setting `result` names
 */
export async function serverAppResult(
  stage: Stage,
  python: string,
  { server, client }: { readonly server: string; readonly client: string },
  seconds: number,
  settings = "",
  // deno-lint-ignore no-explicit-any -- as JSON.parse
): Promise<any> {
  const env = flowerEnvironmentVariables(stage, "superlink");
  const { http } = await startSuperLink({ stage, flags: ["--python", python], env });
  await joined(startFlwr(stage, "supernode", [
    ...["supernode", "client:app", "--dir", `${APPS}/${client}`],
    ...["--superlink", http, "--insecure"],
  ]));
  const result = stage.path("result.json");
  const run = startFlwr(stage, "run", [
    ...["run", `${APPS}/${server}`, http, "--insecure", "--stream"],
    ...["-c", `result="${result}" ${settings}`],
  ]);
  assert.equal((await run.ended(seconds)).code, 0);
  return JSON.parse(await Deno.readTextFile(result));
}
