import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { LogFormat } from "./log.ts";
import { testWithAllRights } from "./testing/all_rights.ts";

const MODULE = new URL("./log.ts", import.meta.url).href;
const CONFIG = fileURLToPath(new URL("../deno.json", import.meta.url));
/** A foreign text that would clear the screen and look like a separate line. */
const HOSTILE = "\x1b[2Jgone\n12:00:00.000 INFO    superlink: Run 1 started\r";

/** What a process writes to stderr, where the log goes directly. */
async function logged(format: LogFormat): Promise<string> {
  const code = `import { configureLog, log } from ${JSON.stringify(MODULE)};
    configureLog(${JSON.stringify({ format, verbose: false })});
    log("superlink").warn("Node {nodeId} said {reason}", {
      nodeId: 2n ** 63n,
      reason: ${JSON.stringify(HOSTILE)},
    });
    log("superlink").debug("not shown");`;
  const { code: status, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--config", CONFIG, code],
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(status, 0);
  return new TextDecoder().decode(stderr);
}

testWithAllRights("text from others cannot forge a line or move the cursor", async () => {
  const text = await logged("text");
  // deno-lint-ignore no-control-regex -- control characters are what is looked for
  assert.doesNotMatch(text, /[\x00-\x09\x0b-\x1f]/);
  assert.match(text, /^\S+ WARNING superlink: Node 9223372036854775808 said \\u001b\[2Jgone\\n12/);
  assert.equal(text.split("\n").length, 2, "one line and its line end");
});

testWithAllRights("as JSON each line is one object, whatever text it contains", async () => {
  const [line, ...rest] = (await logged("json")).split("\n");
  assert.deepEqual(rest, [""]);
  const { level, logger, message, properties } = JSON.parse(line!);
  assert.equal(message, `Node 9223372036854775808 said ${HOSTILE}`, "same as in the text format");
  assert.deepEqual([level, logger, properties.reason], ["WARN", "flwr.superlink", HOSTILE]);
});
