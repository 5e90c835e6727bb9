import assert from "node:assert/strict";
import { DeadlineError, eventually, within } from "./deadline.ts";
import { Process } from "./process.ts";

function script(code: string): Process {
  return new Process({ name: "script", command: Deno.execPath(), args: ["eval", code] });
}

Deno.test("lines of both streams are waited for in order, without colours", async () => {
  await using process = script(
    `console.log("\\x1b[32mfirst\\x1b[0m"); console.error("second"); Deno.stdout.writeSync(new TextEncoder().encode("last"))`,
  );
  assert.equal((await process.waitForLine(/^(first)$/))[1], "first");
  await process.ended();
  assert.deepEqual(process.lines.toSorted(), ["first", "last", "second"]);
  assert.deepEqual(process.stdoutLines, ["first", "last"]);
});

Deno.test("events of a log in JSON are waited for by name and fields, and read as text", async () => {
  const record = (properties: unknown, message: string) =>
    JSON.stringify({
      "@timestamp": "2026-01-02T03:04:05.678Z",
      level: "WARN",
      message,
      logger: "flwr.superlink",
      properties,
    });
  const lines = [
    record({ event: "node-left", nodeId: "1" }, "Node 1 left"),
    record({ event: "node-joined", nodeId: "1" }, "Node 1 joined"),
    '{"@timestamp":"half a',
    record({ event: "node-joined", nodeId: "2", name: "b" }, "Node 2 joined\nas b"),
  ];
  await using process = script(
    `for (const line of ${JSON.stringify(lines)}) console.error(line);`,
  );
  const joined = await process.waitForEvent("node-joined", { nodeId: "2" });
  assert.deepEqual([joined.event, joined.fields], ["node-joined", { nodeId: "2", name: "b" }]);
  assert.deepEqual(process.lines.slice(2), [
    '{"@timestamp":"half a',
    "03:04:05.678 WARNING superlink: Node 2 joined",
    "    as b",
  ]);
  assert.deepEqual(process.records.map(({ event }) => event), [
    "node-left",
    "node-joined",
    "node-joined",
  ]);
  await assert.rejects(process.waitForEvent("node-left"), /script ended without .*"node-left"/);
});

Deno.test("waiting for a line ends when the process does", async () => {
  await using process = script(`console.log("something else"); Deno.exit(3)`);
  await assert.rejects(process.waitForLine(/never/), /script ended without printing/);
  assert.equal((await process.exit).code, 3);
  assert.match(process.tail(), /ended with 3\)\nsomething else/);
});

Deno.test("a process does not outlive its scope", async () => {
  let child: Process;
  {
    await using process = script(`console.log("ready"); setInterval(() => {}, 1000)`);
    await process.waitForLine(/ready/);
    child = process;
  }
  assert.equal((await child.exit).signal, "SIGKILL");
});

Deno.test("a wait ends at its deadline and says what it was for", async () => {
  const never = new Promise<void>(() => {});
  await assert.rejects(
    within(never, 0.01, "nothing"),
    new DeadlineError("Waited 0.01 s for nothing"),
  );
  await assert.rejects(eventually(() => false, 0.01, "truth"), DeadlineError);
  let asked = 0;
  assert.equal(await eventually(() => ++asked === 3 ? "three" : undefined, 5, "three"), "three");
});
