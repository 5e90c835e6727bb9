/**
 * What metrics cost: authenticated calls at a SuperLink without them, and at one with `--metrics-address` that is scraped
 * once a second, in turns.
 *
 *     deno task bench metrics [--repeat 5] [--wires HTTP,gRPC] [--curves P-256] [--hooks-only]
 */
import { Command, Option } from "commander";
import { reportError } from "../../roles/report_error.ts";
import { makeCredentials } from "../../tests/support/credentials.ts";
import { freePorts } from "../../tests/support/ports.ts";
import { TempDir } from "../../tests/support/tempdir.ts";
import { callRates, CURVES, WIRES } from "../current/calls.ts";
import { flwrSide } from "../flower/flwr_side.ts";
import { installedFlwr } from "../flower/installed.ts";
import type { FlowerSide } from "../flower/side.ts";
import { describeMachine } from "../support/machine.ts";
import { oneOrMoreOf, repeatOption } from "../support/options.ts";
import { hookCosts } from "./hook_costs.ts";
import { median, pairedRatio } from "../support/statistics.ts";
import { takeTurns } from "../support/turns.ts";

interface MetricsFlags {
  hooksOnly: boolean;
  repeat: number;
  wires: readonly (typeof WIRES[number])[];
  curves: readonly (typeof CURVES[number])[];
}

/** Milliseconds between two scrapes. Prometheus' default is 15,000. */
const SCRAPE_MS = 1000;

/** A SuperLink with metrics. */
function withMetrics(side: FlowerSide, address: string): FlowerSide {
  return {
    ...side,
    startSuperLink: (place, options = {}) =>
      side.startSuperLink(place, {
        ...options,
        flags: [...options.flags ?? [], "--metrics-address", address, "--metrics-node-names"],
      }),
  };
}

/** Scrapes until disposed of. */
function scrape(address: string): Disposable & { readonly bytes: () => number } {
  let bytes = 0;
  const timer = setInterval(async () => {
    const headers = { accept: "application/openmetrics-text" };
    const response = await fetch(`http://${address}/metrics`, { headers }).catch(() => undefined);
    bytes = (await response?.text().catch(() => ""))?.length ?? bytes;
  }, SCRAPE_MS);
  return { bytes: () => bytes, [Symbol.dispose]: () => clearInterval(timer) };
}

async function bench({ repeat, wires, curves, hooksOnly }: MetricsFlags): Promise<void> {
  console.log(describeMachine());
  for (const { name, microseconds } of await hookCosts()) {
    console.log(`Metrics cost ${microseconds.toFixed(2)} µs for ${name}`);
  }
  if (hooksOnly) return;
  const without = flwrSide({ flwr: await installedFlwr() });
  const address = `127.0.0.1:${freePorts(1)[0]}`;
  await using folder = await TempDir.make();
  const credentials = await makeCredentials(folder.path);
  const options = { credentials, repeat, wires, curves, lines: 1, processes: 1 };
  let bytes = 0;
  const turns = await takeTurns([false, true], repeat, async (isMeasured) => {
    if (!isMeasured) return await callRates(without, options);
    using scraper = scrape(address);
    const rates = await callRates(withMetrics(without, address), options);
    bytes = scraper.bytes();
    return rates;
  });
  if (bytes === 0) throw new Error("The metrics were never scraped");
  for (const name of turns[0]![0]!.keys()) {
    const cpu = (side: number) => turns.map((turn) => turn[side]!.get(name)!.cpuMilliseconds);
    const ratio = pairedRatio(cpu(1), cpu(0));
    const [off, on] = [median(cpu(0)), median(cpu(1))].map((ms) => `${ms.toFixed(3)} ms`);
    console.log(
      `${name}: processor time per call ${off} without, ${on} with metrics: ${
        ((ratio - 1) * 100).toFixed(1)
      } % more (median of the turns); last scrape ${bytes} bytes`,
    );
  }
}

try {
  await new Command("metrics")
    .description("Measure what metrics cost a SuperLink.")
    .option("--hooks-only", "measure only the places where metrics do work", false)
    .addOption(repeatOption(5))
    .addOption(
      new Option("--wires <wires>", `some of ${WIRES.join(",")}`).argParser(oneOrMoreOf(WIRES))
        .default(WIRES, WIRES.join(",")),
    )
    .addOption(
      new Option("--curves <curves>", `of the nodes' keys: some of ${CURVES.join(",")}`)
        .argParser(oneOrMoreOf(CURVES)).default(["P-256"], "P-256"),
    )
    .exitOverride()
    .action(bench)
    .parseAsync(Deno.args, { from: "user" });
} catch (error) {
  Deno.exit(reportError(error));
}
