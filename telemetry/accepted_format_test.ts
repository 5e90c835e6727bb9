import assert from "node:assert/strict";
import { acceptedFormat } from "./accepted_format.ts";

Deno.test("the format follows the Accept header", () => {
  const open = "application/openmetrics-text";
  const cases: [string | null, string][] = [
    [null, "prometheus"],
    ["", "prometheus"],
    ["*/*", "prometheus"],
    ["text/html,*/*;q=0.1", "prometheus"],
    [open, "openmetrics"],
    [
      `${open};version=1.0.0,${open};version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1`,
      "openmetrics",
    ],
    [`${open}; version="1.0.0"; q=0.4, text/plain; q=0.5`, "prometheus"],
    [`${open};q=0`, "prometheus"],
    [`${open};q=x`, "prometheus"],
    [`${open};version=2.0.0`, "prometheus"],
    ["TEXT/PLAIN, Application/OpenMetrics-Text", "openmetrics"],
    [`${"a,".repeat(2000)}${open}`, "prometheus"],
  ];
  assert.deepEqual(cases.map(([accept]) => [accept, acceptedFormat(accept)]), cases);
});
