/** The commands that ask a SuperLink, over both wires, against one that answers as a test says. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { runCommand } from "../../packaging/command.ts";
import { startFlwr } from "../../support/flwr.ts";
import { repositoryPath } from "../../support/repository.ts";
import { scenario, type Stage } from "../../support/stage.ts";
import { flwr, writeConfig } from "./command.ts";
import {
  type FakeOptions,
  type FakeSuperLink,
  RUN_ID,
  startFakeSuperLink,
} from "./fake_superlink.ts";

/** A fake SuperLink that is config.toml's default. */
async function superLink(stage: Stage, options: FakeOptions = {}): Promise<FakeSuperLink> {
  const fake = await startFakeSuperLink(options);
  await writeConfig(stage.folder.path, `address = "${fake.address}"`, "insecure = true");
  return fake;
}

for (const wire of ["http", "grpc"] as const) {
  scenario(`cli: runs are listed and stopped over ${wire}`, async (stage) => {
    await using fake = await superLink(stage, { wire });
    const home = stage.folder.path;

    const table = await flwr(home, ["ls", "--limit", "3"]);
    assert.deepEqual(table, {
      code: 0,
      stdout: [
        "RUN ID                FEDERATION     APP                 STATUS   ELAPSED  STATUS CHANGED",
        `${RUN_ID}  @none/default  @tester/app==1.0.0  running  10s      2026-11-23 15:55:30Z`,
      ].join("\n"),
      stderr: `SuperLink "here": ${fake.address}, without TLS`,
    });
    assert.deepEqual(fake.asked.limits, [3n]);
    const json = await flwr(home, ["ls", "--run-id", String(RUN_ID), "--format", "json"]);
    assert.equal(json.stderr, "");
    const { success, runs } = JSON.parse(json.stdout);
    assert.deepEqual([success, runs[0]["run-id"], runs[0].elapsed], [true, String(RUN_ID), 10]);
    const stopped = await flwr(home, ["stop", String(RUN_ID), fake.address, "--insecure"]);
    assert.deepEqual([stopped.code, stopped.stdout], [0, `Stopped run ${RUN_ID}`]);
  });

  scenario(`cli: an error over ${wire} has Flower's number and a hint`, async (stage) => {
    await using _ = await superLink(stage, { wire });
    const home = stage.folder.path;
    const { code, stdout, stderr } = await flwr(home, ["stop", "7", "--format", "json"]);
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(stdout), {
      success: false,
      "error-message": "Run ID not found [code: 16]",
    });
    assert.equal(
      stderr,
      "Error: Run ID not found [code: 16]\n  Hint: List the runs: flwr ls",
    );
    assert.match((await flwr(home, ["log", "7"])).stderr, /Error: Run ID not found \[code: 16\]/);
  });
}

scenario("cli: a key is registered from its file", async (stage) => {
  await using fake = await superLink(stage);
  const home = stage.folder.path;
  await flwr(home, ["keys", "generate", "1"]);
  const key = "keys/client_credentials_1.pub";

  const made = await flwr(home, ["supernode", "register", key, "--name", "a", "--format", "json"]);

  assert.deepEqual(JSON.parse(made.stdout), { success: true, "node-id": "9223372036854775808" });
  assert.match(
    fake.asked.publicKeys[0]!,
    /^-----BEGIN PUBLIC KEY-----\n[^]*-----END PUBLIC KEY-----\n$/,
  );
  const wrong = await flwr(home, ["supernode", "register", key.slice(0, -".pub".length)]);
  assert.equal(wrong.code, 1);
  assert.match(wrong.stderr, /Error: Public key in "keys\/client_credentials_1" is a private key/);
});

scenario(
  "cli: an app is submitted with its settings, and its log ends with its run",
  async (stage) => {
    await using fake = await superLink(stage, { subStatus: "completed", log: ["one\n", "two\n"] });
    const home = stage.folder.path;
    await flwr(home, ["new", "my-app", "--publisher", "tester"]);
    const flags = ["-c", "num-rounds=9 learning-rate=0.5", "-c", "min-nodes=1"];

    const { code, stdout } = await flwr(home, ["run", "my-app", ...flags, "--stream"]);

    assert.equal(code, 0);
    assert.equal(stdout, `Started run ${RUN_ID}: tester/my-app 1.0.0\none\ntwo`);
    const [submission] = fake.asked.submissions;
    assert.equal(
      createHash("sha256").update(submission!.fab!.content).digest("hex"),
      submission!.fab!.hashStr,
    );
    const settings = Object.entries(submission!.overrideConfig)
      .map(([name, { scalar }]) => [name, scalar.case, scalar.value]);
    assert.deepEqual(settings, [
      ["num-rounds", "sint64", 9n],
      ["learning-rate", "double", 0.5],
      ["min-nodes", "sint64", 1n],
    ]);

    const json = await flwr(home, [
      ...["run", "my-app", "here", "--federation", "@a/b", "--stream", "--format", "json"],
    ]);
    const shown = JSON.parse(json.stdout);
    const { runs: [{ "fab-hash": _, ...ended }] } = JSON.parse(
      (await flwr(home, ["ls", "--run-id", String(RUN_ID), "--format", "json"])).stdout,
    );
    assert.equal(shown.status, "finished:completed");
    assert.deepEqual({ ...shown, elapsed: 0, "compute-time": 0 }, {
      ...{ ...ended, elapsed: 0, "compute-time": 0 },
      ...{ success: true, "sub-status": "completed", "exit-status": 0 },
      "run-id": String(RUN_ID),
      "federation-id": "@a/b",
      "fab-id": "tester/my-app",
      "fab-name": "my-app",
      "fab-version": "1.0.0",
      "fab-hash": submission!.fab!.hashStr.slice(0, 8),
      "fab-filename": `tester.my-app.1-0-0.${submission!.fab!.hashStr.slice(0, 8)}.fab`,
    });
    assert.match(json.stderr, /^.*\d+.*\none\ntwo$/m);
  },
);

scenario("cli: the status of a streamed run is its own", async (stage) => {
  await using _ = await superLink(stage, { subStatus: "failed", log: ["oh\n"] });
  const home = stage.folder.path;
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  const { code, stdout, stderr } = await flwr(home, ["run", "my-app", "--stream"]);
  assert.equal(code, 1);
  assert.match(stdout, /\noh$/);
  assert.match(stderr, new RegExp(`^Error: .*${RUN_ID}.*It broke$`, "m"));
  const json = await flwr(home, ["run", "my-app", "--stream", "--format", "json"]);
  const said = JSON.parse(json.stdout);
  assert.deepEqual(
    [json.code, said.success, said["run-id"], said.status, said["sub-status"], said["exit-status"]],
    [1, false, String(RUN_ID), "finished:failed", "failed", 1],
  );
  assert.deepEqual(
    [said["status-details"], said["error-message"]],
    ["It broke", `Run ${RUN_ID} is finished:failed: It broke`],
  );
  // To have shown a log is what "flwr log" is for.
  const shown = await flwr(home, ["log", String(RUN_ID)]);
  assert.deepEqual([shown.code, shown.stdout], [0, "oh"]);
});

scenario("cli: a run that a node took no part in is told as such, also in JSON", async (stage) => {
  const details = "Incomplete: 1 of 2 nodes contributed nothing: node 7 (trained in 0 of 3 rounds)";
  await using _ = await superLink(stage, { subStatus: "completed", details });
  const home = stage.folder.path;
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  const { code, stdout } = await flwr(home, ["run", "my-app", "--stream", "--format", "json"]);
  const said = JSON.parse(stdout);
  assert.deepEqual(
    [code, said.success, said.status, said["status-details"], said["exit-status"]],
    [3, false, "finished:completed", details, 3],
  );
  const list = await flwr(home, ["ls"]);
  assert.match(list.stdout, /finished:completed \(incomplete\)/);
  const [run] = JSON.parse((await flwr(home, ["ls", "--format", "json"])).stdout).runs;
  assert.deepEqual([run.status, run.incomplete], ["finished:completed", true]);
});

scenario("cli: the JSON of a run that is not followed to its end says so", async (stage) => {
  await using _ = await superLink(stage, { log: ["begun\n"] });
  const home = stage.folder.path;
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  const words = ["run", stage.path("my-app"), "--stream", "--format", "json"];
  const run = startFlwr(stage, "run", words, { FLWR_HOME: home });
  await run.waitForLine(/^begun$/);
  assert.equal((await run.end("SIGINT")).code, 1);
  const said = JSON.parse(run.stdoutLines.join("\n"));
  assert.deepEqual(
    [said.success, said["run-id"], said["exit-status"]],
    [false, String(RUN_ID), 1],
  );
});

scenario("cli: Ctrl-C ends following a run, which goes on, and says so", async (stage) => {
  await using fake = await superLink(stage, { log: ["begun\n"] });
  const home = stage.folder.path;
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  const env = { FLWR_HOME: home };

  const run = startFlwr(stage, "run", ["run", stage.path("my-app"), "--stream"], env);
  await run.waitForLine(/^begun$/);
  assert.equal((await run.end("SIGINT")).code, 1);
  assert.deepEqual(run.lines.slice(-3), [
    `Error: Run ${RUN_ID} is still running. You stopped following its log`,
    `  Hint: To follow the run again: flwr log ${RUN_ID}`,
    `  Hint: To stop it: flwr stop ${RUN_ID}`,
  ]);

  const log = startFlwr(stage, "log", ["log", String(RUN_ID), fake.address, "--insecure"], env);
  await log.waitForLine(/^begun$/);
  assert.equal((await log.end("SIGINT")).code, 0);
  assert.deepEqual(log.lines.slice(-1), [`Run ${RUN_ID} is still running`]);

  const shown = await flwr(home, ["log", String(RUN_ID), "--show"]);
  assert.deepEqual([shown.code, shown.stdout], [0, "begun"]);
  assert.match(shown.stderr, /running/);
});

scenario("cli: what there is of a log that never rests comes to an end", async (stage) => {
  await using _ = await superLink(stage, { log: ["begun\n"], chatty: true });
  const { code, stdout } = await flwr(stage.folder.path, ["log", String(RUN_ID), "--show"]);
  assert.deepEqual([code, stdout], [0, "begun\nsecond -1\nsecond 0"]);
});

scenario("cli: a log's reader may go before its end", async (stage) => {
  const log = Array.from({ length: 2000 }, (_, index) => `line ${index} ${"x".repeat(200)}\n`);
  await using _ = await superLink(stage, { subStatus: "completed", log });
  const command = `"${Deno.execPath()}" run -A --quiet "${
    repositoryPath("main.ts")
  }" log ${RUN_ID}`;
  const { code, stdout, stderr } = await runCommand(
    "bash",
    ["-c", `set -o pipefail; ${command} | head -n 1`],
    { env: { FLWR_HOME: stage.folder.path } },
  );
  assert.deepEqual([code, stdout.slice(0, 7)], [0, "line 0 "]);
  assert.doesNotMatch(stderr, /Error/);
});

scenario("cli: what is wrong before anything is sent", async (stage) => {
  await using fake = await superLink(stage);
  const home = stage.folder.path;
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  const failures: readonly [args: string[], words: RegExp, status?: number][] = [
    [["run", "."], /^Error: .*pyproject\.toml/m],
    [
      ["run", "my-app", "-c", "rounds=3"],
      /^Error: The app has no setting "rounds"\n {2}Hint: It has:/m,
      2,
    ],
    [
      ["run", "server:app", "--dir", "my-app", "--insecure", "-c", "rounds=3"],
      /^Error: The app has no setting "rounds"\n {2}Hint: It has:/m,
      2,
    ],
    [
      ["run", "my-app", "--federation", "mine"],
      /^Error: --federation is not of the form "@account\/name": "mine"/m,
      2,
    ],
    [
      ["run", "my-app", "--federation-config", "num-supernodes=0"],
      /^Error: --federation-config: "num-supernodes" must be a whole number, 1 or more: got 0/,
      2,
    ],
    [["run", "my-app", "nowhere"], /^Error: SuperLink "nowhere" is not in ".*config\.toml"/m],
    [["run", "my-app", "--server", fake.address], /^Error: --server works only with module:name/],
    [["run", "server:app", "--stream"], /^Error: --stream works only with an app in a folder/],
    [["run", "@flwrlabs/app"], /Flower's hub, which is not supported/],
    [["chat"], /^Error: "flwr chat" is not supported: it needs Flower's hosted service/],
    [["login", "example.org:80", "--insecure"], /^Error: flwr login needs TLS/m],
    [
      ["federation", "create", "x", "--description", "y"],
      /^Error: "flwr federation create" is not/,
    ],
    [["ls", "127.0.0.1:9", "--insecure"], /^Error: Port 9 is blocked for HTTP/m],
  ];
  for (const [args, words, status = 1] of failures) {
    const { code, stdout, stderr } = await flwr(home, args);
    assert.deepEqual([code, stdout], [status, ""], args.join(" "));
    assert.match(stderr, words);
  }
  assert.deepEqual(fake.asked.submissions, []);
});

scenario("cli: the SuperLink gets ready while the types are checked", async (stage) => {
  await using fake = await superLink(stage);
  const home = stage.folder.path;
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  const run = async () => (await flwr(home, ["run", "my-app"])).code;

  const client = `${home}/my-app/client.ts`;
  const sound = await Deno.readTextFile(client);
  await Deno.writeTextFile(client, `${sound}\nexport const wrong: number = "text";\n`);
  assert.equal(await run(), 1);
  // An app that is not sent was announced: nobody waited for its check.
  assert.deepEqual(fake.asked.order, ["expect"]);

  await Deno.writeTextFile(client, sound);
  assert.equal(await run(), 0);
  assert.deepEqual(fake.asked.order.splice(0), ["expect", "expect", "start"]);
  // It has passed: there is nothing to wait for.
  assert.equal(await run(), 0);
  assert.deepEqual(fake.asked.order, ["start"]);
});

scenario("cli: an older SuperLink is asked for no list when an app is submitted", async (stage) => {
  await using fake = await superLink(stage, { wire: "grpc" });
  const home = stage.folder.path;
  await flwr(home, ["new", "my-app", "--publisher", "tester"]);
  assert.equal((await flwr(home, ["run", "my-app"])).code, 0);
  assert.deepEqual([fake.asked.order, fake.asked.limits], [["start"], []]);
});

scenario("cli: ids of the default SuperLink complete a command line", async (stage) => {
  await using _ = await superLink(stage);
  const home = stage.folder.path;
  const suggest = async (...words: string[]) =>
    (await flwr(home, ["completion", "suggest", "--", ...words])).stdout;
  assert.equal(await suggest("stop", ""), `${RUN_ID}\ttester/app, running`);
  assert.equal(await suggest("log", "159"), `${RUN_ID}\ttester/app, running`);
  assert.equal(await suggest("log", "7"), "");
  await writeConfig(home, 'address = "127.0.0.1:9"', "insecure = true");
  assert.equal(await suggest("stop", ""), "");
});
