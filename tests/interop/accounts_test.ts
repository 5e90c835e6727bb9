/**
 * Accounts: Python's `flwr` and ours log in to our SuperLink with a real OpenID Connect provider, share one file of
 * tokens, and refresh them.
 */
import assert from "node:assert/strict";
import { makeCredentials } from "../support/credentials.ts";
import { FlowerCommand, flowerEnvironmentVariables } from "../support/flower.ts";
import { startFlwr, startSuperLink } from "../support/flwr.ts";
import { NIGHTLY } from "../support/nightly.ts";
import {
  CLIENT_ID,
  CLIENT_SECRET,
  startProvider,
  type TestProvider,
} from "../support/oidc_provider.ts";
import type { Process } from "../support/process.ts";
import type { FlowerVersion } from "../support/python.ts";
import { makeApp } from "../support/make_app.ts";
import { type FlowerOf, flowerScenario } from "./python_scenario.ts";
import type { Stage } from "../support/stage.ts";

/** Seconds that one of their commands may take on a busy machine. */
const COMMAND_SECONDS = 60;

for (const version of ["1.41.0", "1.38.0"] as const) {
  flowerScenario(
    `flwr ${version} and ours: login, ls and run with accounts`,
    (stage, flowerOf) => play(stage, flowerOf, version),
    { seconds: 240, ignore: version === "1.38.0" && !NIGHTLY },
  );
}

async function play(stage: Stage, flowerOf: FlowerOf, version: FlowerVersion): Promise<void> {
  await using provider = await startProvider({ rotates: true });
  const credentials = await makeCredentials(stage.folder.path, 1);
  await Deno.writeTextFile(stage.path("secret"), CLIENT_SECRET);
  const flower = await flowerOf(version);
  const superlink = await startSuperLink({
    stage,
    credentials,
    flags: [
      ...["--oidc-issuer", provider.issuer, "--oidc-client-id", CLIENT_ID],
      ...["--oidc-client-secret-file", stage.path("secret")],
      ...["--default-role", "researcher", "--isolation", "process", "--verbose"],
    ],
  });
  const theirs = await FlowerCommand.at({
    stage,
    flower,
    security: "tls",
    credentials,
    superlink,
  });
  const { FLWR_HOME } = flowerEnvironmentVariables(stage, `flwr-${version}`);
  const ours = (...args: string[]) =>
    startFlwr(stage, `flwr ${args[0]}`, args, { FLWR_HOME: FLWR_HOME! });

  const refused = ours("ls", "here", "--format", "json");
  assert.notEqual((await refused.exit).code, 0);
  assert.match(refused.lines.join("\n"), /flwr login here/);

  // Theirs logs in, both call.
  await confirmed(theirs.start(["login", "here"]), provider, "alice");
  const file = `${FLWR_HOME}/credentials.yaml`;
  assert.equal((await Deno.stat(file)).mode! & 0o777, 0o600);
  assert.deepEqual(await runsOf(ours("ls", "here", "--format", "json")), []);
  const me = ours("whoami", "here", "--format", "json");
  assert.equal((await me.exit).code, 0, me.tail());
  const { name, roles } = JSON.parse(me.stdoutLines.join("\n"));
  assert.deepEqual([name, roles], ["alice", ["researcher"]]);

  // Its access token has expired: ours refreshes it, and theirs goes on with the new pair.
  const app = await makeApp(stage.path("app"), { name: "small" });
  const before = provider.requests.length;
  await spoil(file);
  const submitted = ours("run", app, "here", "--no-check", "--format", "json");
  assert.equal((await submitted.exit).code, 0, submitted.tail());
  const runId = String(JSON.parse(submitted.stdoutLines.join("\n"))["run-id"]);
  assert.ok(provider.requests.slice(before).filter((path) => path === "/token").length >= 1);
  assert.deepEqual(await runsOf(theirs.start(["ls", "here", "--format", "json"])), [runId]);
  // Theirs refreshes.
  await spoil(file);
  const python = await makeApp(stage.path("python"), {
    name: "small",
    files: { "server.py": "app = None\n", "client.py": "app = None\n" },
  });
  const again = theirs.start(["run", python, "here", "--format", "json"]);
  assert.equal((await again.exit).code, 0, again.tail());
  assert.equal((await runsOf(ours("ls", "here", "--format", "json"))).length, 2);

  // An API token acts as its account, at both commands.
  const token = ours("token", "create", "here", "--name", "ci", "--expires", "1d");
  assert.equal((await token.exit).code, 0, token.tail());
  const secret = token.stdoutLines.join("").trim();
  await Deno.writeTextFile(stage.path("token"), secret);
  assert.equal((await ours("logout", "here").exit).code, 0);
  const stored = ours("login", "here", "--api-token-file", stage.path("token"));
  assert.equal((await stored.exit).code, 0, stored.tail());
  assert.equal((await runsOf(theirs.start(["ls", "here", "--format", "json"]))).length, 2);
  await noTokenIn(file, secret, [superlink.process]);
  if (!NIGHTLY) return;

  // Our own login takes the five seconds between two questions. Another account sees nothing.
  await confirmed(ours("login", "here"), provider, "bob");
  assert.deepEqual(await runsOf(ours("ls", "here", "--format", "json")), []);
}

/** Makes the stored access tokens invalid, as if they had expired. */
async function spoil(file: string): Promise<void> {
  const text = await Deno.readTextFile(file);
  const spoilt = text.replace(/(oidc-access-token"?: "?)[\w+/=]+/, `$1${btoa("expired")}`);
  assert.notEqual(spoilt, text);
  await Deno.writeTextFile(file, spoilt);
}

/** Confirms the login of a command in the provider's pages, and waits for the command's end. */
async function confirmed(login: Process, provider: TestProvider, account: string): Promise<void> {
  const [uri] = await login.waitForLine(/http:\/\/127\.0\.0\.1:\d+\/device\?\S+/, COMMAND_SECONDS);
  await provider.confirm(uri, account);
  assert.equal((await login.exit).code, 0, login.tail());
}

/** The ids of the runs that an `ls` lists. */
async function runsOf(ls: Process): Promise<string[]> {
  assert.equal((await ls.exit).code, 0, ls.tail());
  const { runs } = JSON.parse(ls.stdoutLines.join("\n"));
  return runs.map((run: Record<string, unknown>) => String(run["run-id"]));
}

/** Asserts that no process printed a token or the client's secret. */
async function noTokenIn(file: string, secret: string, processes: Process[]): Promise<void> {
  const text = await Deno.readTextFile(file);
  const encoded = [...text.matchAll(/token"?: "?([\w+/=]+)/g)].map(([, value]) => value!);
  const tokens = encoded.map((value) => new TextDecoder().decode(Uint8Array.fromBase64(value)));
  assert.ok(tokens.includes(secret));
  for (const text of [CLIENT_SECRET, ...tokens.filter((token) => token.length > 20)]) {
    for (const { name, lines } of processes) {
      assert.ok(!lines.some((line) => line.includes(text)), `${name} prints no token`);
    }
  }
}
