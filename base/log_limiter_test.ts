import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { testWithAllRights } from "./testing/all_rights.ts";

const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));
const FOLDER = new URL(".", import.meta.url).href;

/** The log lines of a process in which the limiter is active, and the code's own output. */
async function logged(code: string, format = "text"): Promise<string[]> {
  const { stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "eval",
      "--config",
      CONFIG,
      `import { configureLog, log } from "${FOLDER}log.ts";
       import { causedBy } from "${FOLDER}log_limiter.ts";
       configureLog({ format: "${format}", verbose: true });
       const logger = log("test");
       const denied = (host, more = {}) => logger.warn("Denied {host}", { host, ...more, ...causedBy("denied calls", host) });
       ${code}`,
    ],
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stderr);
  assert.ok(success, text);
  return text.trimEnd().split("\n").map((line) => line.replace(/^\S+ /, ""));
}

testWithAllRights(
  "lines of one kind and address are limited, and those of other causes are all written",
  async () => {
    const lines = await logged(`
    for (let i = 0; i < 1000; i++) denied("192.0.2.1");
    denied("192.0.2.2");
    for (let i = 0; i < 20; i++) logger.info("Round {i}", { i });
  `);
    assert.equal(lines.filter((line) => line.endsWith("Denied 192.0.2.1")).length, 10);
    assert.equal(lines.filter((line) => line.endsWith("Denied 192.0.2.2")).length, 1);
    assert.equal(lines.filter((line) => line.includes("Round")).length, 20);
  },
);

testWithAllRights(
  "lines of one kind from many addresses are limited together, at each level",
  async () => {
    const lines = await logged(`
    for (let i = 0; i < 5000; i++) denied("192.0.2." + i);
    for (let i = 0; i < 5000; i++) logger.debug("Call {i}", { i, ...causedBy("refused calls", "192.0.2." + i) });
    for (let i = 0; i < 5000; i++) logger.info("Node {i}", { i, ...causedBy("nodes") });
  `);
    for (const word of ["Denied", "Call", "Node"]) {
      assert.equal(lines.filter((line) => line.includes(word)).length, 300, word);
    }
  },
);

testWithAllRights(
  "omitted lines are reported at the end of the window, and a new one starts",
  async () => {
    const lines = await logged(`
    import { LogLimiter } from "${FOLDER}log_limiter.ts";
    const limiter = new LogLimiter({ perHost: 2, perKind: 5, entries: 3 });
    const record = (kind, host) => ({ category: ["flwr", "test"], properties: causedBy(kind, host) });
    const allowed = (kind, host, times) => {
      let count = 0;
      for (let i = 0; i < times; i++) if (limiter.allows(record(kind, host))) count++;
      logger.info("{count} of {kind} {host}", { count, kind, host: String(host) });
    };
    allowed("calls", "a", 12);
    allowed("calls", "b", 1);
    allowed("calls", undefined, 10);
    for (let i = 0; i < 100; i++) limiter.allows(record("calls", "x" + i));
    limiter.endWindow();
    allowed("calls", "a", 1);
    limiter.endWindow();
  `);
    assert.deepEqual(lines, [
      "INFO    test: 2 of calls a",
      "INFO    test: 1 of calls b",
      "INFO    test: 2 of calls undefined",
      "WARNING test: 100 more calls in the last minute are not listed",
      "WARNING test: 10 more calls from a in the last minute are not listed",
      "WARNING test: 8 more calls in the last minute are not listed",
      "INFO    test: 1 of calls a",
    ]);
  },
);

testWithAllRights("a foreign text is shortened, in text and in JSON", async () => {
  const code = 'denied("192.0.2.1", { reason: "x".repeat(100_000) }); logger.info("end", {})';
  const [line] = await logged(code, "json");
  assert.ok(line!.length < 1500, `${line!.length} characters`);
  const [text] = await logged(
    'logger.warn("{reason}", { reason: "x".repeat(100_000), ...causedBy("denied calls") })',
  );
  assert.ok(text!.length < 700, `${text!.length} characters`);
});
