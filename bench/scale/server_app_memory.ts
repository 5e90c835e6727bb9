import { ConfigRecord } from "../../app/config_record.ts";
import { buildFab } from "../../fab/build/build.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { Stage } from "../../tests/support/stage.ts";
import { openControl } from "../flower/control.ts";
import type { FlowerSide } from "../flower/side.ts";
import { HttpLine } from "../load/http_line.ts";
import { LoadIdentity } from "../load/identity.ts";
import { LightModel, modelBytes } from "../load/light_model.ts";
import { LightNode } from "../load/light_node.ts";
import { Persistence } from "../load/persist.ts";
import { trainOnce } from "../load/trainee.ts";
import { formatTable } from "../support/table.ts";
import { KEEP_ALIVE_SECONDS, repeat } from "./model.ts";

const BYTES_PER_MEGABYTE = 1e6;
/** After so many seconds a round is given up. */
const LIMIT_SECONDS = 600;
/** Any app will do: none of it is run. */
const APP = repositoryPath("bench/current/apps/python");
/** What a ServerApp may hold at most, in models. */
const GOAL_MODELS = 5;

/** How a round is measured. */
export interface ServerAppMemoryOptions {
  readonly credentials: Credentials;
  /** How many nodes, one after the other. */
  readonly nodes: readonly number[];
  /** Of the model, in megabytes of a million bytes. */
  readonly megabytes: number;
  /** Replies that the ServerApp holds together, in megabytes. */
  readonly heldMegabytes: number;
}

/** What the ServerApp's process reports. */
interface Facts {
  readonly before: number;
  readonly peak: number;
  readonly seconds: number;
  readonly results: number;
}

/**
 * Measures what a ServerApp's process holds at most in one round of training: its own code, with simulated nodes that
 * reply with models.
 *
 * @returns a table
 */
export async function measureServerAppMemory(
  side: FlowerSide,
  options: ServerAppMemoryOptions,
): Promise<string[]> {
  const rows: string[][] = [];
  for (const strategy of ["FedAvg", "FedAdam"]) {
    for (const nodes of options.nodes) {
      const { before, peak, seconds, results } = await round(side, strategy, nodes, options);
      if (results !== nodes) throw new Error(`${results} of ${nodes} replies were aggregated`);
      const models = (peak - before) / modelBytes(options.megabytes * BYTES_PER_MEGABYTE);
      rows.push([
        `${strategy}, ${nodes} nodes`,
        `${Math.round(peak / BYTES_PER_MEGABYTE)} MB`,
        models.toFixed(1),
        `${seconds.toFixed(1)} s`,
        models <= GOAL_MODELS ? "yes" : "no",
      ]);
    }
  }
  const head = ["", "peak", "beyond its start, in models", "round", `≤ ${GOAL_MODELS} models`];
  return formatTable(head, rows);
}

async function round(
  side: FlowerSide,
  strategy: string,
  count: number,
  { credentials, megabytes, heldMegabytes }: ServerAppMemoryOptions,
): Promise<Facts> {
  await using stage = await Stage.open();
  using lines = new DisposableStack();
  const persistence = new Persistence();
  try {
    const { http } = await side.startSuperLink({ stage, credentials }, {
      apps: "elsewhere",
      database: stage.path("state.db"),
    });
    const authority = await Deno.readTextFile(credentials.caCertificate);
    using control = await openControl(http, credentials);
    const bytes = megabytes * BYTES_PER_MEGABYTE;
    const nodes = await Promise.all(Array.from({ length: count }, async (_, place) => {
      const node = new LightNode(await LoadIdentity.generate("P-384"));
      await control.registerNode({ publicKeyPem: node.identity.publicKeyPem });
      const own = [lines.use(new HttpLine({ http, authority }))];
      await node.activate(own[0]!);
      return { node, lines: own, reply: await LightModel.make(place + 1, bytes) };
    }));
    await control.startRun({ fab: await buildFab(APP), overrideConfig: new ConfigRecord() });
    const app = stage.start({
      name: "ServerApp",
      command: Deno.execPath(),
      args: [
        ...["run", "-A", repositoryPath("bench/scale/averaging_app.ts"), strategy, http],
        ...[credentials.caCertificate, String(count), String(bytes)],
        String(heldMegabytes * BYTES_PER_MEGABYTE),
      ],
      cwd: repositoryPath("."),
    });
    const over = new AbortController();
    using _over = { [Symbol.dispose]: () => over.abort() };
    // On a slow machine a round takes longer than a node may be silent.
    const line = lines.use(new HttpLine({ http, authority }));
    const keepAlive = repeat(KEEP_ALIVE_SECONDS, over.signal, async () => {
      for (const { node } of nodes) await persistence.call(() => node.heartbeat(line));
    });
    const trained = Promise.all(
      nodes.map(({ node, lines, reply }) => trainOnce(node, lines, reply, persistence)),
    );
    const done = Promise.all([app.waitForLine(/^\{.*\}$/, LIMIT_SECONDS), trained]);
    await Promise.race([done, keepAlive]);
    const [facts] = await done;
    over.abort();
    await keepAlive;
    await app.ended();
    return JSON.parse(facts[0]);
  } catch (error) {
    console.error(stage.tails());
    throw error;
  }
}
