/**
 * Our SuperLink with nodes of all of Flower's generations and ours, and today's `flwr` command of Python. The runs are of
 * one and the same quickstart app, side by side; every one must come to the bits of Flower's own arithmetic.
 */
import assert from "node:assert/strict";
import { makeCredentials, securedBy, type Security } from "../support/credentials.ts";
import {
  type Flower,
  FlowerCommand,
  flowerEnvironmentVariables,
  flowerNodeId,
  FlowerWays,
  startFlowerSuperNode,
} from "../support/flower.ts";
import { joined, startSuperLink, startSuperNode } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import { startPeerSuperNode } from "../support/peer.ts";
import { assertSameRun, type RunResult } from "../support/result.ts";
import type { Stage } from "../support/stage.ts";
import { isEveryDay, SECURITIES } from "./matrix.ts";
import { type FlowerOf, flowerScenario } from "./python_scenario.ts";
import { quickstartApp, quickstartConfig, quickstartReferences } from "./quickstart.ts";

/** How long a run may take beside three others on a busy machine, in seconds. */
const RUN_SECONDS = 180;
/** How long a command of theirs may take while nodes start beside it, in seconds. */
const START_SECONDS = 60;

/** The nodes: which Flower, which part of the data. Each has the key of its place in the list, counted from 1. */
const NODES = [
  { version: "1.9.0", partition: 0 },
  { version: "1.9.0", partition: 3 },
  { version: "1.18.0", partition: 4 },
  { version: "1.22.0", partition: 5 },
  { version: "ours", partition: 0 },
  { version: "1.38.0", partition: 0 },
  { version: "1.38.0", partition: 2 },
  { version: "1.41.0", partition: 0 },
  { version: "1.41.0", partition: 1 },
] as const;

/** The runs: whose `flwr` command submits them, and their nodes by their places in the list. */
const RUNS = [
  { what: "nodes of 1.9", flwr: "1.41.0", nodes: [0, 1] },
  { what: "nodes of 1.38", flwr: "1.38.0", nodes: [5, 6] },
  { what: "nodes of 1.41", flwr: "1.41.0", nodes: [7, 8] },
  { what: "one node of each version and one of ours", flwr: "1.38.0", nodes: [4, 8, 6, 1, 2, 3] },
] as const;

/** Versions whose nodes are admitted by a list of keys. */
type OldVersion = "1.9.0" | "1.18.0" | "1.22.0";

/** Whether a node's key is made known by the `flwr` command of its version. */
function isRegistered(version: typeof NODES[number]["version"]): version is "1.38.0" | "1.41.0" {
  return version !== "ours" && new FlowerWays(version).registersNodes;
}

for (const security of SECURITIES) {
  flowerScenario(
    `flwr 1.9, 1.18, 1.22, 1.38, 1.41: their nodes and their flwr at our SuperLink, secured by ${security}`,
    (stage, flowerOf) => play(stage, flowerOf, security),
    {
      seconds: 420,
      ignore: !NIGHTLY && !isEveryDay({ superlink: "ours", security, guests: "generations" }),
    },
  );
}

async function play(stage: Stage, flowerOf: FlowerOf, security: Security): Promise<void> {
  const today = await flowerOf("1.41.0");
  const app = await quickstartApp(stage);
  const partitions = (nodes: readonly number[]) =>
    nodes.map((node) => NODES[node]!.partition).sort().join();
  const references = quickstartReferences(stage, today, {
    app,
    selections: RUNS.map(({ nodes }) => partitions(nodes)),
  });
  const credentials = await makeCredentials(stage.folder.path, NODES.length);
  const listed = NODES.flatMap(({ version }, index) => isRegistered(version) ? [] : [index + 1]);
  await credentials.listOnly(listed);
  const secured = securedBy(security, credentials);
  const superlink = await startSuperLink({
    stage,
    credentials: secured,
    flags: ["--python", today.python],
    env: flowerEnvironmentVariables(stage, "superlink"),
  });
  const commands = {
    "1.38.0": await commandOf(await flowerOf("1.38.0")),
    "1.41.0": await commandOf(today),
  };
  const ids: string[] = [];
  for (const [index, { version }] of NODES.entries()) {
    if (version !== "ours" && !isRegistered(version)) ids.push(await joinOldNode(index, version));
  }
  ids.push(...await Promise.all(NODES.slice(ids.length).map((_, i) => joinNode(ids.length + i))));

  const outcomes = await Promise.all(RUNS.map(async (run, index) => {
    const result = stage.path(`result-${index}.json`);
    const config = quickstartConfig({ nodes: run.nodes.map((node) => ids[node]!), result });
    const process = commands[run.flwr].start(["run", app, "here", "--stream", "-c", config]);
    assert.equal((await process.ended(RUN_SECONDS)).code, 0);
    assert.ok(process.lines.some((line) => line.includes("FINAL after 1 rounds")), run.what);
    return JSON.parse(await Deno.readTextFile(result)) as RunResult;
  }));
  for (const [index, { nodes }] of RUNS.entries()) {
    assertSameRun(outcomes[index]!, (await references).get(partitions(nodes))!);
  }

  async function commandOf(flower: Flower): Promise<FlowerCommand> {
    return await FlowerCommand.at({ stage, flower, security, credentials, superlink });
  }

  /** Starts a node of a version that does not say its id: the SuperLink does. */
  async function joinOldNode(index: number, version: OldVersion): Promise<string> {
    const flower = await flowerOf(version);
    const { partition } = NODES[index]!;
    const [node, { fleet }] = [index + 1, superlink];
    if (version === "1.9.0") {
      const { python } = flower;
      startPeerSuperNode({ stage, python, credentials: secured, fleet, node, partition });
    } else {
      startFlowerSuperNode({ stage, flower, security, credentials, superlink, node, partition });
    }
    return String((await superlink.process.waitForEvent("node-joined")).fields["nodeId"]);
  }

  /** Starts another node. One of today's Flower is registered by the `flwr` command of its version. */
  async function joinNode(index: number): Promise<string> {
    const node = index + 1;
    const { version, partition } = NODES[index]!;
    if (!isRegistered(version)) {
      const fleet = superlink.http;
      return joined(startSuperNode({ stage, credentials: secured, fleet, node, partition }));
    }
    if (security === "auth") {
      const file = credentials.nodePublicKey(node);
      const register = commands[version].start(["supernode", "register", file, "here"]);
      assert.equal((await register.ended(START_SECONDS)).code, 0);
    }
    const flower = await flowerOf(version);
    const options = { stage, flower, security, credentials, superlink, node, partition };
    return await flowerNodeId(startFlowerSuperNode(options));
  }
}
