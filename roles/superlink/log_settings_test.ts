import assert from "node:assert/strict";
import { configureSync, resetSync } from "@logtape/logtape";
import { readProxyRange, TrustedProxies } from "../../rpc/proxies/trusted_proxies.ts";
import { logSettings } from "./log_settings.ts";

type Settings = Parameters<typeof logSettings>[0];

const NO_PROXIES = new TrustedProxies([]);
const MEMORY: Settings = { database: { kind: "memory" }, proxies: NO_PROXIES };

/** The log of a start: properties, and the line under "line". */
function logged(settings: Settings): Record<string, unknown>[] {
  const records: Record<string, unknown>[] = [];
  configureSync({
    reset: true,
    sinks: {
      records: ({ properties, message }) =>
        void records.push({ ...properties, line: message.join("") }),
    },
    loggers: [
      { category: ["flwr"], lowestLevel: "debug", sinks: ["records"] },
      { category: ["logtape", "meta"], lowestLevel: "warning", sinks: ["records"] },
    ],
  });
  try {
    logSettings(settings);
  } finally {
    resetSync();
  }
  return records;
}

const events = (settings: Settings) => logged(settings).map(({ event }) => event);

Deno.test("a start names its database, without user and password", () => {
  const target = { host: "::1", port: 5432, database: "flwr", user: "ursula", password: "secret" };
  const [postgres] = logged({ ...MEMORY, database: { kind: "postgres", target } });
  assert.deepEqual([postgres!.event, postgres!.kind], ["database", "postgres"]);
  assert.equal(postgres!.address, "[::1]:5432/flwr");
  assert.doesNotMatch(JSON.stringify(postgres), /ursula|secret/);
  const [sqlite] = logged({ ...MEMORY, database: { kind: "sqlite", file: "state.db" } });
  assert.deepEqual([sqlite!.kind, sqlite!.file], ["sqlite", "state.db"]);
  assert.deepEqual(logged(MEMORY).map(({ kind }) => kind), ["memory"]);
});

Deno.test("a start names its object store, without credentials", () => {
  const credentials = { accessKeyId: "id", secretAccessKey: "secret" };
  const bucketUrl = "https://s3.example.org/models";
  const target = { address: "s3://models", bucketUrl, prefix: "", region: "eu-1", credentials };
  const from = 262_144;
  const [, s3] = logged({ ...MEMORY, largeObjects: { store: { kind: "s3", target }, from } });
  assert.deepEqual([s3!.event, s3!.address], ["object-store", "s3://models"]);
  assert.doesNotMatch(JSON.stringify(s3), /secret/);
  const folder = { kind: "folder", folder: "/srv/objects" } as const;
  const [, files] = logged({ ...MEMORY, largeObjects: { store: folder, from } });
  assert.equal(files!.address, "/srv/objects");
});

Deno.test("a start names the proxies that it trusts, as the user does", () => {
  assert.deepEqual(events(MEMORY), ["database"]);
  const named = ["10.0.0.7", "10.1.0.0/16", "2001:db8::/32", "::1"];
  const proxies = new TrustedProxies(named.map(readProxyRange), "forwarded");
  const [, trusted] = logged({ ...MEMORY, proxies });
  assert.deepEqual([trusted!.event, trusted!.header], ["trusted-proxies", "forwarded"]);
  assert.equal(trusted!.proxies, named.join(", "));
});

Deno.test("of several processes, the first names the settings", () => {
  assert.deepEqual(events({ ...MEMORY, oneOfMany: { number: 1 } }), ["database"]);
  assert.deepEqual(events({ ...MEMORY, oneOfMany: { number: 2 } }), []);
});
