/** docs/operations/metrics.md lists what the programs serve. */
import assert from "node:assert/strict";
import { MemoryStore } from "../../../link/store/memory.ts";
import type { Metric } from "../../../telemetry/metric.ts";
import { repositoryPath } from "../../../tests/support/repository.ts";
import { NodeMetrics } from "../../supernode/node_metrics.ts";
import { SuperLinkMetrics } from "./superlink_metrics.ts";

const PAGE = "docs/operations/metrics.md";

/** A row of the page, without the spaces that align its columns. */
function row({ type, info: { name, labels = [], help } }: Metric): string {
  const shown = type === "counter" ? `${name}_total` : name;
  return `| \`${shown}\` | ${type} | ${labels.length === 0 ? "–" : labels.join(", ")} | ${help} |`;
}

Deno.test("the page of metrics lists exactly those that there are", async () => {
  using superLink = new SuperLinkMetrics({ store: new MemoryStore(), namesNodes: true });
  using node = new NodeMetrics();
  const expected = new Set([...superLink.metrics, ...node.metrics].map(row));
  const page = await Deno.readTextFile(repositoryPath(PAGE));
  const rows = page.split("\n").filter((line) => line.startsWith("| `"))
    .map((line) => line.replace(/ +/g, " "));
  assert.deepEqual(rows.sort(), [...expected].sort());
});
