import { ConfigRecord } from "../../app/config_record.ts";
import { systemClock } from "../../base/clock.ts";
import { buildFab } from "../../fab/build/build.ts";
import type { Credentials } from "../../tests/support/credentials.ts";
import { repositoryPath } from "../../tests/support/repository.ts";
import { asOwner, postgresServer } from "../../tests/support/postgres.ts";
import { S3_BUCKET, S3_CREDENTIALS, S3Server } from "../../tests/support/s3_server.ts";
import { Stage } from "../../tests/support/stage.ts";
import { openControl } from "../flower/control.ts";
import type { FlowerSide } from "../flower/side.ts";
import { HttpLine } from "../load/http_line.ts";
import { LoadIdentity } from "../load/identity.ts";
import { LightModel } from "../load/light_model.ts";
import { LightNode } from "../load/light_node.ts";
import { Persistence } from "../load/persist.ts";
import { LightServerApp } from "../load/light_server_app.ts";
import { trainOnce } from "../load/trainee.ts";
import type { Comparison } from "../support/comparison.ts";
import { MEASURED_SETTINGS } from "../support/postgres_facts.ts";
import { readMemory } from "../support/process_facts.ts";
import { processTree } from "../support/process_tree.ts";
import { stopwatch } from "../support/stopwatch.ts";
import { takeTurns } from "../support/turns.ts";

const BYTES_PER_MEGABYTE = 1e6;
/** Connections on which a node, or the ServerApp, transfers objects at the same time: as in Flower. */
const LINES = 2;
/** How often ServerApp and nodes say that they are alive, in seconds: a third of the time they have at most. */
export const KEEP_ALIVE_SECONDS = 20;
/** Any app will do: none of it is run. */
const APP = repositoryPath("bench/current/apps/python");

/** Where a SuperLink keeps a model. Of these, Python's has only the first two, so with others its own is in SQLite. */
export const MODEL_STORES = ["database", "memory", "postgres", "folder", "s3"] as const;

/** One of {@link MODEL_STORES}. The last two are object stores beside PostgreSQL. */
export type ModelStore = typeof MODEL_STORES[number];

/** How a large model is sent. */
export interface ModelOptions {
  readonly credentials: Credentials;
  readonly repeat: number;
  /** How many nodes, one after the other. */
  readonly nodes: readonly number[];
  /** Of the model, in megabytes of a million bytes. */
  readonly megabytes: number;
  /** Where the SuperLinks keep their state. */
  readonly store: ModelStore;
}

/** What one exchange took. */
interface Exchange {
  readonly seconds: number;
  /** The most memory that the SuperLink's process held, in bytes, and what it held before. */
  readonly peak: number;
  readonly before: number;
  /** Calls that the SuperLink failed at, which were made again. */
  readonly failures: number;
}

/**
 * Measures how long one model takes to every node and another one back from each, and what the SuperLink needs for it.
 * ServerApp and nodes are simulated by this process, which throws away what it gets.
 */
export async function measureModel(
  sides: readonly [FlowerSide, FlowerSide],
  options: ModelOptions,
): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const nodes of options.nodes) {
    const turns = await takeTurns(
      sides,
      options.repeat,
      (side) => exchange(side, nodes, options),
    );
    const values = (pick: (exchange: Exchange) => number) => ({
      flwr: turns.map(([flwr]) => pick(flwr!)),
      python: turns.map(([, python]) => pick(python!)),
    });
    const what = `${options.megabytes} MB to ${nodes} nodes and back, state in ${options.store}`;
    comparisons.push({
      measure: what,
      unit: "s",
      better: "less",
      goal: 1.5,
      values: values(({ seconds }) => seconds),
    }, {
      measure: "the SuperLink's peak memory",
      unit: "MB",
      better: "less",
      values: values(({ peak }) => peak / BYTES_PER_MEGABYTE),
    }, {
      measure: "of it beyond what it held before, in models",
      unit: "×",
      better: "less",
      values: values(({ peak, before }) =>
        (peak - before) / (options.megabytes * BYTES_PER_MEGABYTE)
      ),
    }, {
      measure: "calls that it failed at",
      unit: "calls",
      better: "neither",
      values: values(({ failures }) => failures),
    });
  }
  return comparisons;
}

async function exchange(
  side: FlowerSide,
  count: number,
  { credentials, megabytes, store }: ModelOptions,
): Promise<Exchange> {
  await using stage = await Stage.open();
  using lines = new DisposableStack();
  await using servers = new AsyncDisposableStack();
  const persistence = new Persistence();
  try {
    const { http, process } = await side.startSuperLink({ stage, credentials }, {
      apps: "elsewhere",
      ...await placeOf(
        side.side === "python" && store !== "memory" ? "database" : store,
        stage,
        servers,
      ),
    });
    const authority = await Deno.readTextFile(credentials.caCertificate);
    const open = () =>
      Array.from({ length: LINES }, () => lines.use(new HttpLine({ http, authority })));
    using control = await openControl(http, credentials);
    const nodes = await Promise.all(Array.from({ length: count }, async (_, place) => {
      const node = new LightNode(await LoadIdentity.generate("P-384"));
      await control.registerNode({ publicKeyPem: node.identity.publicKeyPem });
      const own = open();
      await node.activate(own[0]!);
      const reply = await LightModel.make(place + 1, megabytes * BYTES_PER_MEGABYTE);
      return { node, lines: own, reply };
    }));
    const model = await LightModel.make(0, megabytes * BYTES_PER_MEGABYTE);
    await control.startRun({ fab: await buildFab(APP), overrideConfig: new ConfigRecord() });
    const serverApp = new LightServerApp(open(), persistence);
    await serverApp.begin();

    const before = (await memoryOf(process.pid)).resident;
    const over = new AbortController();
    lines.defer(() => over.abort());
    const [line] = open();
    const keepAlive = repeat(KEEP_ALIVE_SECONDS, over.signal, async () => {
      await serverApp.heartbeat(line!);
      for (const { node } of nodes) await persistence.call(() => node.heartbeat(line!));
    });
    const elapsed = stopwatch();
    const serve = async () =>
      await serverApp.receive(await serverApp.send(model, nodes.map(({ node }) => node.nodeId)));
    const exchanged = Promise.all([
      serve(),
      ...nodes.map(({ node, lines, reply }) => trainOnce(node, lines, reply, persistence)),
    ]);
    await Promise.race([exchanged, keepAlive]);
    const seconds = elapsed();
    over.abort();
    await keepAlive;
    const { peak } = await memoryOf(process.pid);
    return { seconds, before, peak, failures: persistence.failures };
  } catch (error) {
    console.error(stage.tails());
    throw error;
  }
}

/** The flags of a new place for a SuperLink's state. */
async function placeOf(
  store: ModelStore,
  stage: Stage,
  servers: AsyncDisposableStack,
): Promise<{ database?: string; flags?: string[] }> {
  if (store === "memory") return {};
  if (store === "database") return { database: stage.path("state.db") };
  const { user, host, port } = await postgresServer(MEASURED_SETTINGS);
  const name = `model_${crypto.randomUUID().replaceAll("-", "")}`;
  await asOwner(await postgresServer(MEASURED_SETTINGS), `CREATE DATABASE ${name}`);
  servers.defer(async () =>
    await asOwner(await postgresServer(MEASURED_SETTINGS), `DROP DATABASE ${name} WITH (FORCE)`)
  );
  const database = `postgres://${user}@${host}:${port}/${name}`;
  if (store === "postgres") return { database };
  if (store === "folder") {
    const folder = stage.path("objects");
    await Deno.mkdir(folder);
    return { database, flags: ["--object-store", folder] };
  }
  const server = servers.use(await S3Server.start());
  const keys = stage.path("s3-keys");
  const { accessKeyId, secretAccessKey } = S3_CREDENTIALS;
  await Deno.writeTextFile(
    keys,
    `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`,
    { mode: 0o600 },
  );
  const url = `s3://${S3_BUCKET}?endpoint=${server.endpoint}`;
  const flags = ["--object-store", url, "--object-store-credentials-file", keys];
  return { database, flags };
}

/** The memory of a process and all that it has started; peaks need not have been at the same time. */
async function memoryOf(pid: number): Promise<{ resident: number; peak: number }> {
  const memories = await Promise.all((await processTree(pid)).map(readMemory));
  return {
    resident: memories.reduce((sum, memory) => sum + (memory?.resident ?? 0), 0),
    peak: memories.reduce((sum, memory) => sum + (memory?.peak ?? 0), 0),
  };
}

/** Does something again and again until it is over. Rejects as soon as that fails. */
export async function repeat(
  seconds: number,
  over: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  while (!over.aborted) {
    await systemClock.sleep(seconds, over);
    if (!over.aborted) await act();
  }
}
