import assert from "node:assert/strict";
import { parseCpuSeconds, parseMemory } from "./process_facts.ts";

Deno.test("parseMemory: resident and peak memory in bytes", () => {
  const status = "Name:\tdeno\nVmPeak:\t  999999 kB\nVmHWM:\t  139264 kB\nVmRSS:\t  131072 kB\n";
  assert.deepEqual(parseMemory(status), { resident: 131072 * 1024, peak: 139264 * 1024 });
});

Deno.test("parseMemory: a process that has ended has none", () => {
  assert.equal(parseMemory("Name:\tdeno\nState:\tZ (zombie)\n"), undefined);
  assert.equal(parseMemory(""), undefined);
});

Deno.test("parseCpuSeconds: user and system time, whatever the command is called", () => {
  const stat = "42 (a ) b) S 1 42 42 0 -1 4194560 100 0 0 0 250 75 9 9 20 0 5 0 1000";
  assert.equal(parseCpuSeconds(stat), 3.25);
});
