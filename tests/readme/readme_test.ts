/** What the README shows works as it stands: its quick start, its app, its command lines. */
import assert from "node:assert/strict";
import { decodeNpz } from "../../tensor/npz.ts";
import { cacheFolder } from "../../ml/data/cache_folder.ts";
import { DATA_FILE } from "../../ml/data/cifar10/prepare.ts";
import { eventually } from "../support/deadline.ts";
import { freePorts } from "../support/ports.ts";
import { makeCredentials } from "../support/credentials.ts";
import { EVENTS, joined, startFlwr, startSuperLink, superLinkReady } from "../support/flwr.ts";
import type { Process } from "../support/process.ts";
import { repositoryPath } from "../support/repository.ts";
import { scenario, type Stage } from "../support/stage.ts";
import { commandLines } from "./markdown.ts";
import { blocksUnder, denoArgs, writeOwnApp } from "./readme.ts";

const WHOLE_APP = "A whole app";
const PRIVATE_RUN = "A private run";
const SECURE_RUN = "A private and secure run";
const QUICK_START = "Quick start";
const WITH_KEYS = "With keys: Flower's authentication example";
const EXAMPLE = "examples/flower-authentication";
/** Flags that move a SuperLink away from the usual ports. */
const FREE_PORTS = [
  ...["--fleet-api-address", "127.0.0.1:0", "--driver-api-address", "127.0.0.1:0"],
  ...["--port", "0", "--control-api-address", "127.0.0.1:0"],
];
/** How long a run of three small rounds may take, in seconds. */
const RUN_SECONDS = 90;

const dataFile = `${cacheFolder()}/cifar10/${DATA_FILE}`;
const hasData = await Deno.stat(dataFile).then(({ isFile }) => isFile, () => false);

scenario("readme: its apps pass the type check", async (stage) => {
  await writeOwnApp(stage.folder.path);
  const apps = { whole: wholeApp(), private: privateApp(), secure: secureApp() };
  for (const [name, text] of Object.entries(apps)) {
    await Deno.writeTextFile(stage.path(`${name}.ts`), text);
  }
  // All at once, because the check of the library takes most of the time.
  const files = ["client", "server", ...Object.keys(apps)].map((name) => stage.path(`${name}.ts`));
  const check = stage.start({
    name: "deno check",
    command: Deno.execPath(),
    args: ["check", "--config", repositoryPath("deno.json"), ...files],
  });
  assert.equal((await check.ended(RUN_SECONDS)).code, 0, check.tail());
});

scenario("readme: its whole app trains on two tables", async (stage) => {
  await Deno.writeTextFile(stage.path("app.ts"), wholeApp());
  for (const hospital of ["a", "b"]) {
    await Deno.writeTextFile(
      stage.path(`hospital-${hospital}.csv`),
      patients(hospital === "a" ? 0 : 1),
    );
  }
  const lines = blocksUnder(WHOLE_APP, "sh").flatMap(({ text }) => commandLines(text));
  assert.equal(lines.length, 4, "SuperLink, two SuperNodes, ServerApp");
  const [superLink, nodeA, nodeB, serverApp] = lines as [string[], string[], string[], string[]];
  const type = (line: readonly string[], ...more: string[]) =>
    stage.start({
      name: line.slice(0, 2).join(" "),
      command: Deno.execPath(),
      args: [...denoArgs(line), ...more],
      cwd: stage.folder.path,
    });
  const link = type(superLink, ...FREE_PORTS);
  const [http, driver] = await Promise.all([/HTTP .* on (\S+)$/, /Driver API.* on (\S+)$/].map(
    async (line) => (await link.waitForLine(line))[1]!,
  )) as [string, string];
  await Promise.all(
    [nodeA, nodeB].map((line) => joined(type(line, "--superlink", http, ...EVENTS))),
  );
  const saved = stage.path("saved");
  const history = stage.path("history.json");
  const run = type(serverApp, "--server", driver, "--artifacts", saved, "--json", history);
  await assertRounds(3, run);
  const { histories: [{ rounds }] } = JSON.parse(await Deno.readTextFile(history));
  const [first, , last] = rounds.map((round: { train: { metrics: { loss: number } } }) =>
    round.train.metrics.loss
  );
  assert.ok(last < first, `the loss falls: ${first}, then ${last}`);
  const model = decodeNpz(await Deno.readFile(`${saved}/model.npz`));
  assert.deepEqual([...model.keys()], ["weight", "bias"]);
});

scenario("readme: its private run trains two tables within its budget", async (stage) => {
  await Deno.writeTextFile(stage.path("app.ts"), privateApp());
  const { driver, fleet } = await startSuperLink({ stage });
  const folder = ["--dir", stage.folder.path, "--insecure"];
  await Promise.all(["a", "b"].map(async (hospital) => {
    const table = stage.path(`hospital-${hospital}.csv`);
    await Deno.writeTextFile(table, patients(hospital === "a" ? 0 : 1));
    await joined(startFlwr(stage, "supernode", [
      ...["supernode", "app:client", ...folder, "--superlink", fleet],
      ...["--node-config", `table="${table}"`],
    ]));
  }));
  const history = stage.path("history.json");
  const run = startFlwr(stage, "run", [
    ...["run", "app:server", ...folder, "--server", driver],
    ...["--artifacts", stage.path("saved"), "--json", history],
  ]);
  assert.equal((await run.ended(RUN_SECONDS)).code, 0, run.tail());
  const { histories: [{ rounds }] } = JSON.parse(await Deno.readTextFile(history));
  assert.equal(rounds.length, 10);
  const spent = rounds.map((round: { train: { metrics: Record<string, number> } }) =>
    round.train.metrics["privacy-epsilon"]!
  );
  assert.ok(spent[0]! > 0 && spent[9]! > 7.9 && spent[9]! <= 8, `${spent}`);
});

scenario(
  "readme: its private and secure run trains three tables within its budget",
  async (stage) => {
    await Deno.writeTextFile(stage.path("app.ts"), secureApp());
    const credentials = await makeCredentials(stage.folder.path, 3);
    const { driver, http } = await startSuperLink({ stage, credentials });
    const folder = ["--dir", stage.folder.path];
    await Promise.all([1, 2, 3].map(async (node) => {
      const table = stage.path(`hospital-${node}.csv`);
      await Deno.writeTextFile(table, patients(node % 2));
      await joined(startFlwr(stage, `supernode ${node}`, [
        ...["supernode", "app:client", ...folder, "--superlink", http],
        ...credentials.supernodeFlags(node),
        ...["--trusted-node-keys", credentials.keyList, "--node-config", `table="${table}"`],
      ]));
    }));
    const history = stage.path("history.json");
    const run = startFlwr(stage, "run", [
      ...["run", "app:server", ...folder, "--server", driver],
      ...["--root-certificates", credentials.caCertificate],
      ...["--artifacts", stage.path("saved"), "--json", history],
    ]);
    assert.equal((await run.ended(RUN_SECONDS)).code, 0, run.tail());
    const { histories: [{ rounds }] } = JSON.parse(await Deno.readTextFile(history));
    assert.equal(rounds.length, 10);
    const spent = rounds.map((round: { train: { metrics: Record<string, number> } }) =>
      round.train.metrics["privacy-epsilon"]!
    );
    assert.ok(spent[0]! > 0 && spent[9]! > 7.9 && spent[9]! <= 8, `${spent}`);
  },
);

scenario("readme: its own app runs on two nodes without TLS", async (stage) => {
  await writeOwnApp(stage.folder.path);
  const { driver, fleet } = await startSuperLink({ stage });
  const role = (name: string, app: string, server: string, ...flags: string[]) =>
    startFlwr(stage, name, [
      ...[name, app, "--dir", stage.folder.path, "--insecure", "--server", server, ...flags],
    ]);
  const nodes = [1, 2].map(() => role("supernode", "client:app", fleet));
  await Promise.all(nodes.map(joined));
  const saved = stage.path("saved");
  await assertRounds(3, role("run", "server:app", driver, "--artifacts", saved));
  const model = decodeNpz(await Deno.readFile(`${saved}/model.npz`));
  assert.deepEqual([...model.keys()], ["w"]);
});

scenario("readme: its command lines by hand run its own app", async (stage) => {
  const folder = stage.path("app");
  await Deno.mkdir(folder);
  await writeOwnApp(folder);
  await runByHand(stage, folder);
});

scenario(
  "readme: its command lines by hand run the example" +
    (hasData ? "" : ` (skipped: "${dataFile}" is not there, fetch it with: deno task fetch-data)`),
  (stage) =>
    runByHand(stage, repositoryPath(EXAMPLE), ["--node-config", "train-limit=64 test-limit=32"]),
  { ignore: !hasData },
);

scenario("readme: its quick start simulates a new app, and then federates it", async (stage) => {
  const lines = blocksUnder(QUICK_START, "sh").flatMap(({ text }) => commandLines(text));
  assert.equal(lines.length, 8, "new, two simulations, list, SuperLink, two SuperNodes, run");
  const [newApp, simulated, larger, list, superLink, ...rest] = lines as string[][];
  const [node1, node2, federated] = rest;
  const [port] = freePorts(1);
  const env = {
    FLWR_HOME: stage.path("home"),
    FLWR_LOCAL_SUPERLINK_HTTP_API_PORT: String(port),
    FLWR_LOCAL_SUPERLINK_IDLE_SECONDS: "5",
  };
  const type = (line: readonly string[], ...more: string[]) =>
    stage.start({
      name: line.slice(0, 2).join(" "),
      command: Deno.execPath(),
      args: [...denoArgs(line), ...more],
      cwd: stage.folder.path,
      env,
    });

  assert.equal((await type(newApp!).ended(30)).code, 0);
  await assertRounds(3, type(simulated!));
  await assertRounds(10, type(larger!));
  const listed = type(list!);
  assert.equal((await listed.ended(30)).code, 0);
  assert.equal(listed.stdoutLines.filter((line) => /finished:completed/.test(line)).length, 2);

  const link = type(superLink!, ...FREE_PORTS, ...EVENTS);
  const http = (await superLinkReady(link))("http");
  await Promise.all(
    [node1!, node2!].map((line) => joined(type(line, "--superlink", http, ...EVENTS))),
  );
  await assertRounds(
    3,
    type(federated!.map((word) => word === "127.0.0.1:8000" ? http : word)),
  );
  await eventually(async () => !await isOpen(port!), 30, "the local SuperLink to end");
});

function isOpen(port: number): Promise<boolean> {
  return Deno.connect({ hostname: "127.0.0.1", port }).then(
    (connection) => (connection.close(), true),
    () => false,
  );
}

scenario("readme: exit statuses are 0, 1 and 2", async (stage) => {
  const status = async (...args: string[]) =>
    (await startFlwr(stage, args.join(" "), args).ended(30)).code;
  assert.equal(await status("--version"), 0);
  assert.equal(await status("superlink"), 1, "neither certificates nor --insecure");
  assert.equal(await status("superlink", "--no-such-flag"), 2);
  assert.equal(await status("no-such-command"), 2);
});

/**
 * Types the commands of "With keys" in a folder of their own, with the app in place of the example and free ports in place
 * of the usual ones, then adds a third node as the README says.
 */
async function runByHand(
  stage: Stage,
  app: string,
  nodeFlags: readonly string[] = [],
): Promise<void> {
  const lines = blocksUnder(WITH_KEYS, "sh").flatMap(({ text }) => commandLines(text));
  assert.equal(lines.length, 4, "keys, SuperLink, SuperNode, ServerApp");
  const [generateKeys, superLink, superNode, serverApp] = lines as [
    string[],
    string[],
    string[],
    string[],
  ];
  const addresses = new Map<string, string>();
  const type = (line: readonly string[], ...more: string[]): Process => {
    const words = line.map((word) => word === EXAMPLE ? app : addresses.get(word) ?? word);
    return stage.start({
      name: line.slice(0, 2).join(" "),
      command: Deno.execPath(),
      args: [...denoArgs(words), ...more],
      cwd: stage.folder.path,
    });
  };
  const node = (number: number) =>
    type(
      superNode.map((word) => word.replace("client_credentials_1", `client_credentials_${number}`)),
      ...nodeFlags,
      ...EVENTS,
    );

  assert.equal((await type(generateKeys).ended(30)).code, 0);
  const link = type(superLink, ...FREE_PORTS, ...EVENTS);
  const addressOf = await superLinkReady(link);
  addresses.set("127.0.0.1:9091", addressOf("driver"));
  addresses.set("127.0.0.1:9092", addressOf("fleet"));
  await Promise.all([node(1), node(2)].map(joined));
  await assertRounds(3, type(serverApp));

  const more = generateKeys.with(-1, "3");
  assert.equal((await type(more).ended(30)).code, 0);
  await link.waitForEvent("key-added");
  await joined(node(3));
}

/** The app under "A whole app". */
function wholeApp(): string {
  return `${onlyBlockUnder(WHOLE_APP)}\n`;
}

/** The whole app with the ServerApp of "A private run". */
function privateApp(): string {
  return wholeAppBefore("server") + shortBlockUnder(PRIVATE_RUN);
}

/** The whole app with the two apps of "A private and secure run". */
function secureApp(): string {
  return wholeAppBefore("client") + shortBlockUnder(SECURE_RUN);
}

function onlyBlockUnder(heading: string): string {
  const [block, ...more] = blocksUnder(heading, "ts");
  assert.deepEqual(more, []);
  return block!.text;
}

function shortBlockUnder(heading: string): string {
  const text = onlyBlockUnder(heading);
  assert.ok(text.split("\n").length < 30);
  return `${text}\n`;
}

/** The whole app up to where it exports one of its two apps. */
function wholeAppBefore(name: "client" | "server"): string {
  const [before, after] = onlyBlockUnder(WHOLE_APP).split(`export const ${name}`);
  assert.ok(after !== undefined, `the whole app exports ${name}`);
  return before!;
}

/** A table of 64 patients whose outcome depends on four measurements, other ones for each hospital. */
function patients(hospital: number): string {
  const rows = Array.from({ length: 64 }, (_, i) => {
    const cells = [2, 3, 5, 7].map((prime) => ((i + 32 * hospital) % prime) / prime);
    return [...cells, cells[0]! + cells[1]! > 0.5 ? "ill" : "well"].join(",");
  });
  return ["a,b,c,d,outcome", ...rows, ""].join("\n");
}

async function assertRounds(rounds: number, run: Process): Promise<void> {
  const { code } = await run.ended(RUN_SECONDS);
  assert.equal(code, 0, run.tail());
  assert.ok(
    run.stdoutLines.some((line) => line.includes(`Run finished ${rounds} rounds`)),
    run.tail(),
  );
}
