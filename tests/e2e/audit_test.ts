/** The audit log of a real SuperLink: killed while it writes, with a full disk, tampered with. */
import assert from "node:assert/strict";
import { readRecord } from "../../roles/audit/record.ts";
import { startSuperLink } from "../support/flwr.ts";
import { canMountSmallDisk, SmallDisk } from "../support/small_disk.ts";
import { scenario } from "../support/stage.ts";
import { flwr } from "./cli/command.ts";

const HEADERS = { "content-type": "application/protobuf" };

/** Calls the Control API once. @returns the HTTP status */
async function call(http: string, path: string): Promise<number> {
  const response = await fetch(`http://${http}/v1/control/${path}`, {
    method: "POST",
    headers: HEADERS,
  });
  await response.body?.cancel();
  return response.status;
}

scenario(
  "audit: killed while it writes, the SuperLink continues the chain, and tampering is found",
  async (stage) => {
    const file = stage.path("audit.log");
    const home = stage.folder.path;
    const verify = (...args: string[]) => flwr(home, ["audit", "verify", ...args]);
    const flags = ["--audit-log", file];
    const first = await startSuperLink({ stage, flags });
    const calls = Promise.allSettled(
      Array.from({ length: 8 }, async () => {
        for (;;) await call(first.http, "stop-run");
      }),
    );
    while ((await Deno.stat(file)).size < 50_000) await call(first.http, "list-runs");
    await first.process.end("SIGKILL");
    await calls;
    // A kill tears a line only sometimes.
    const text = await Deno.readTextFile(file);
    await Deno.writeTextFile(file, text.slice(0, -40));
    const torn = await verify(file);
    assert.deepEqual([torn.code, /incomplete/.test(torn.stdout)], [1, true]);

    const second = await startSuperLink({ stage, flags });
    assert.ok(second.process.records.some(({ event }) => event === "audit-line-torn"));
    assert.equal(await call(second.http, "list-runs"), 200);
    assert.equal((await second.process.end("SIGTERM")).code, 0);
    const good = await verify(file);
    assert.deepEqual([good.code, good.stderr], [0, ""]);
    assert.match(good.stdout, /audit\.log:\d+: The line is incomplete: the SuperLink was killed/);

    const lines = (await Deno.readTextFile(file)).trimEnd().split("\n");
    const { hash, sequence } = readRecord(lines.at(-1)!)!;
    assert.ok(good.stdout.includes(`Last hash, of record ${sequence}: ${hash}`));
    assert.equal((await verify("--expect-last", hash, file)).code, 0);
    const { event, fields } = second.process.records.findLast(({ event }) =>
      event === "audit-chain"
    )!;
    assert.deepEqual([event, fields["hash"]], ["audit-chain", hash]);

    await Deno.writeTextFile(file, lines.slice(0, -1).join("\n") + "\n");
    assert.equal((await verify(file)).code, 0);
    assert.equal((await verify("--expect-last", hash, file)).code, 1);
    await Deno.writeTextFile(file, lines.toSpliced(4, 1).join("\n") + "\n");
    const json = await verify("--format", "json", file);
    assert.deepEqual([json.code, JSON.parse(json.stdout).success], [1, false]);
    const removed = await verify(file);
    assert.deepEqual([removed.code, removed.stdout.includes(`${file}:5: `)], [1, true]);
  },
);

scenario("audit: with a full disk acts are refused, and the gap is recorded", async (stage) => {
  using disk = new SmallDisk(stage, 1);
  const file = `${disk.path}/audit.log`;
  const { http, process } = await startSuperLink({ stage, flags: ["--audit-log", file] });
  assert.equal(await call(http, "stop-run"), 404);
  disk.fill();
  let statuses: number[] = [];
  // What is left of the last block takes some records.
  for (let i = 0; i < 50 && !statuses.includes(503); i++) {
    statuses = await Promise.all([call(http, "stop-run"), call(http, "stop-run")]);
  }
  assert.ok(statuses.includes(503), "an act took place without its record");
  const { fields } = await process.waitForEvent("audit-failed");
  assert.equal(fields["reason"], "its disk is full");
  assert.equal(await call(http, "list-runs"), 200);
  disk.free();
  await process.waitForEvent("audit-recovered");
  assert.equal(await call(http, "stop-run"), 404);
  assert.equal((await process.end("SIGTERM")).code, 0);
  const { code, stdout } = await flwr(stage.folder.path, ["audit", "verify", file]);
  assert.equal(code, 0, stdout);
  assert.match(stdout, /could not be written before this record/);
}, { ignore: !canMountSmallDisk() });

scenario("audit: standard output has the records and nothing else", async (stage) => {
  const { http, process } = await startSuperLink({ stage, flags: ["--audit-log", "stdout"] });
  assert.equal(await call(http, "stop-run"), 404);
  assert.equal((await process.end("SIGTERM")).code, 0);
  const actions = process.stdoutLines.map((line) => readRecord(line)?.record.event.action);
  assert.deepEqual(actions, [
    "AuditLog.Started",
    "ControlServicer.StopRun",
    "ControlServicer.StopRun",
    "AuditLog.Stopped",
  ]);
});
