import {
  FlowerCommand,
  flowerNodeId,
  type FlowerOptions,
  startFlowerSuperLink,
  startFlowerSuperNode,
} from "../../tests/support/flower.ts";
import { makeCredentials } from "../../tests/support/credentials.ts";
import { joined, startFlwr, startSuperLink } from "../../tests/support/flwr.ts";
import type { Process } from "../../tests/support/process.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { Stage } from "../../tests/support/stage.ts";

const APPS = repositoryPath("bench/secagg/apps");
/** A round of Flower's starts a process for each message. */
const RUN_SECONDS = 300;

/** How large a federation is. */
export interface FederationSize {
  readonly nodes: number;
  readonly elements: number;
  readonly rounds: number;
}

/** Seconds of the rounds of a whole federation of ours: SuperLink, nodes and app as processes, without TLS. */
export async function ourFederation(size: FederationSize): Promise<number[]> {
  await using stage = await Stage.open();
  const { http } = await startSuperLink({ stage });
  await Promise.all(Array.from({ length: size.nodes }, (_, i) =>
    joined(
      startFlwr(stage, `supernode ${i}`, ["supernode", "--superlink", http, "--insecure"]),
    )));
  const run = startFlwr(stage, "run", [
    ...["run", `${APPS}/typescript`, http, "--insecure", "--stream", "-c", configOf(size)],
  ]);
  return await secondsOf(run);
}

/** The same of the real Flower. @param python the Python of its environment */
export async function theirFederation(python: string, size: FederationSize): Promise<number[]> {
  await using stage = await Stage.open();
  const credentials = await makeCredentials(stage.folder.path);
  const options: FlowerOptions = {
    ...{ stage, flower: { version: "1.41.0", python }, security: "insecure", credentials },
  };
  const superlink = await startFlowerSuperLink(options);
  await Promise.all(Array.from({ length: size.nodes }, (_, i) =>
    flowerNodeId(
      startFlowerSuperNode({ ...options, superlink, node: i + 1, partition: i }),
    )));
  const command = await FlowerCommand.at({ ...options, superlink });
  const run = command.start(["run", `${APPS}/python`, "here", "--stream", "-c", configOf(size)]);
  return await secondsOf(run);
}

function configOf({ nodes, elements, rounds }: FederationSize): string {
  return `nodes=${nodes} elements=${elements} num-rounds=${rounds}`;
}

async function secondsOf(run: Process): Promise<number[]> {
  const match = await run.waitForLine(/SECONDS (\[.*\])/, RUN_SECONDS);
  return JSON.parse(match[1]!);
}
