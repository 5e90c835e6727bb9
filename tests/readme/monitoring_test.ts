/** The dashboard for Grafana and the alert rules for Prometheus name metrics that there are, with labels that they have. */
import assert from "node:assert/strict";
import { HAS_ALL_RIGHTS } from "../../base/testing/all_rights.ts";
import { MemoryStore } from "../../link/store/memory.ts";
import { SuperLinkMetrics } from "../../roles/superlink/metrics/superlink_metrics.ts";
import { NodeMetrics } from "../../roles/supernode/node_metrics.ts";
import { repositoryPath } from "../support/repository.ts";
import { TempDir } from "../support/tempdir.ts";

const RULES = "docs/operations/prometheus-alerts.yml";
const DASHBOARD = "docs/operations/grafana-dashboard.json";
const RULE_TESTS = "tests/readme/prometheus-alerts-test.yml";

/** Endings of the series of a histogram, with the label that they have in addition. */
const HISTOGRAM = { _bucket: ["le"], _sum: [], _count: [] };

/** The labels of every series, with those that Prometheus adds. */
function labelsBySeries(): Map<string, ReadonlySet<string>> {
  using superLink = new SuperLinkMetrics({ store: new MemoryStore(), namesNodes: true });
  using node = new NodeMetrics();
  return new Map(
    [...superLink.metrics, ...node.metrics].flatMap(({ type, info: { name, labels = [] } }) => {
      const all = [...labels, "job", "instance"];
      if (type === "counter") return [[`${name}_total`, new Set(all)] as const];
      if (type === "gauge") return [[name, new Set(all)] as const];
      return Object.entries(HISTOGRAM).map(([ending, more]) =>
        [`${name}${ending}`, new Set([...all, ...more])] as const
      );
    }),
  );
}

/** What is wrong with the metrics in an expression. */
function faults(expression: string, known: ReadonlyMap<string, ReadonlySet<string>>): string[] {
  const series = [
    ...expression.matchAll(/(?<![\w"=-])((?:flwr|process)_\w+)(?:\{([^}]*)\})?/g),
  ];
  const missing = series.filter(([, name]) => !known.has(name!)).map(([, name]) => name!);
  const labels = series.flatMap(([, name, braces = ""]) =>
    [...braces.matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)]
      .filter(([, label]) => !known.get(name!)?.has(label!))
      .map(([, label]) => `${name}{${label}}`)
  );
  const allowed = new Set(series.flatMap(([, name]) => [...known.get(name!) ?? []]));
  const grouped = [...expression.matchAll(/\bby \(([^)]*)\)/g)]
    .flatMap(([, list]) => list!.split(",").map((label) => label.trim()))
    .filter((label) => !allowed.has(label));
  return [...missing, ...labels, ...grouped];
}

Deno.test("monitoring: the alert rules name metrics and labels that there are", async () => {
  const text = await Deno.readTextFile(repositoryPath(RULES));
  const expressions = [...text.matchAll(/^ +expr: (?:>-\n)?([^]*?)\n +(?:for|labels):/gm)]
    .map(([, expression]) => expression!);
  assert.equal(expressions.length, [...text.matchAll(/- alert: /g)].length);
  const known = labelsBySeries();
  assert.deepEqual(expressions.flatMap((expression) => faults(expression, known)), []);
});

Deno.test("monitoring: the dashboard names metrics and labels that there are", async () => {
  const { panels } = JSON.parse(await Deno.readTextFile(repositoryPath(DASHBOARD))) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
  assert.ok(expressions.length > 30);
  const known = labelsBySeries();
  assert.deepEqual(expressions.flatMap((expression) => faults(expression, known)), []);
});

Deno.test("monitoring: the check would find a wrong name and a wrong label", () => {
  const known = labelsBySeries();
  const wrong = 'sum by (state, odd) (rate(flwr_nodes{stat="x"}[5m])) / flwr_none';
  assert.deepEqual(faults(wrong, known), ["flwr_none", "flwr_nodes{stat}", "odd"]);
});

Deno.test({
  name: "monitoring: Prometheus accepts the alert rules, and they fire when they should",
  ignore: !HAS_ALL_RIGHTS || !await isThere("promtool", "--version"),
  async fn() {
    await promtool("check", "rules", repositoryPath(RULES));
    await using folder = await TempDir.make();
    const tests = await Deno.readTextFile(repositoryPath(RULE_TESTS));
    const file = `${folder.path}/tests.yml`;
    await Deno.writeTextFile(file, tests.replace("RULES", repositoryPath(RULES)));
    await promtool("test", "rules", file);
  },
});

/** Runs Prometheus' own tool, of Debian's package "prometheus". */
async function promtool(...args: string[]): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command("promtool", { args }).output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
}

async function isThere(command: string, ...args: string[]): Promise<boolean> {
  try {
    return (await new Deno.Command(command, { args, stdout: "null", stderr: "null" }).output())
      .success;
  } catch {
    return false;
  }
}
