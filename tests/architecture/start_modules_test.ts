/** What each program loads to start: every module costs a fraction of a millisecond, in each process and thread. */
import assert from "node:assert/strict";
import { repositoryPath } from "../support/repository.ts";
import { roomOf } from "./rooms.ts";

/** What a program may load before it is ready. */
interface Start {
  /** The modules that it loads one after the other: its entry, and those that it loads by their URL. */
  readonly entries: readonly string[];
  /** Most modules of this project. Raise it only for what the start needs; load the rest with base/load.ts. */
  readonly most: number;
  /** Beginnings of the rooms that it needs later or never. */
  readonly without: readonly string[];
}

/** Rooms of training, strategies and privacy, which only apps use. */
const OF_APPS = [
  "app/strategy",
  "app/privacy",
  "app/secagg",
  "privacy",
  "secagg",
  "metrics",
  "ml/",
];
/** Rooms of what makes bundles and runs them. */
const OF_BUNDLES = ["fab/build", "hosting/launch", "hosting/sandbox", "hosting/python"];

const STARTS: Readonly<Record<string, Start>> = {
  "flwr superlink, all APIs": {
    entries: [
      "main.ts",
      "roles/superlink/command.ts",
      "rpc/grpc/server.ts",
      "roles/superlink/legacy_services.ts",
    ],
    most: 449,
    without: [...OF_APPS, ...OF_BUNDLES, "fab"],
  },
  "flwr supernode, over HTTP": {
    entries: [
      "main.ts",
      "roles/supernode/command.ts",
      "roles/supernode/connection/http_dialect.ts",
    ],
    most: 197,
    without: [
      ...["fab/build", "hosting/launch", "hosting/python", "ml/session", "ml/train"],
      ...["app/strategy", "app/privacy", "privacy", "secagg", "metrics"],
    ],
  },
  "flwr ls": {
    entries: ["main.ts", "roles/cli/list.ts", "roles/cli/config/with_control.ts"],
    most: 91,
    without: [...OF_APPS, ...OF_BUNDLES, "link"],
  },
  "flwr run of a folder": {
    entries: ["main.ts", "roles/cli/run/command.ts", "roles/cli/run/submit.ts"],
    most: 149,
    without: [...OF_APPS, "hosting/launch", "hosting/sandbox", "hosting/python", "link"],
  },
  "the process of a sandbox": {
    entries: ["hosting/sandbox/process/main.ts"],
    most: 24,
    without: ["app/strategy", "app/privacy", "privacy", "secagg", "metrics", "ml/train", "rpc"],
  },
  "the thread of a ClientApp": {
    entries: ["hosting/sandbox/process/app_worker.ts"],
    most: 560,
    without: ["link", "roles", "rpc", "certs"],
  },
  "the thread of a ServerApp": {
    entries: ["hosting/launch/typescript/thread/server_app_worker.ts"],
    most: 632,
    without: ["link", "roles", "certs", "rpc/http", "rpc/grpc"],
  },
};

for (const [name, { entries, most, without }] of Object.entries(STARTS)) {
  Deno.test(`start: ${name} loads what it needs`, async () => {
    const files = await modulesOf(entries);
    const rooms = new Map<string, string>();
    for (const file of files) rooms.set(roomOf(file) ?? file, file);
    const unneeded = [...rooms].filter(([room]) =>
      without.some((start) => room === start || room.startsWith(start))
    );
    assert.deepEqual(unneeded, []);
    assert.ok(
      files.length <= most,
      `It loads ${files.length} modules, at most ${most} are expected: load what it does not ` +
        `need for its start with base/load.ts, or raise the number`,
    );
  });
}

/** The files of this project that Deno loads with some modules, as `deno info` finds them. */
async function modulesOf(entries: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const entry of entries) for (const file of await graphOf(entry)) found.add(file);
  return [...found].sort();
}

async function graphOf(entry: string): Promise<string[]> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: repositoryPath(""),
  }).output();
  assert.ok(success);
  const { modules, roots }: {
    modules: { specifier: string; dependencies?: { code?: { specifier?: string } }[] }[];
    roots: string[];
  } = JSON.parse(new TextDecoder().decode(stdout));
  const known = new Map(modules.map((module) => [module.specifier, module]));
  const root = new URL("../../", import.meta.url).href;
  const reached = new Set<string>();
  const open = [...roots];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (reached.has(next) || !known.has(next)) continue;
    reached.add(next);
    // What is imported for its types only has no code. Deno reads what an import() in quotes names at once.
    open.push(...known.get(next)!.dependencies?.flatMap(({ code }) => code?.specifier ?? []) ?? []);
  }
  return [...reached].filter((url) => url.startsWith(root)).map((url) => url.slice(root.length));
}
