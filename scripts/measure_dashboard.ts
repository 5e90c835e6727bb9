/**
 * Measures the dashboard with 1,000 nodes and 500 rounds in Chromium: from opening a view to its first picture with data,
 * and the longest task of the page's thread, at first and while a round of 1,000 nodes arrives.
 *
 *     deno run -A scripts/measure_dashboard.ts
 */
import type { Page } from "playwright-core";
import { startLinkDashboard } from "../roles/superlink/dashboard/start.ts";
import { launchChromium } from "../tests/support/chromium.ts";
import { linkWithLargeRun } from "../tests/dashboard/large_run.ts";

/** Seconds in which tasks after the first picture count. */
const WATCH_SECONDS = 3;

const { link, runId, nextRound } = await linkWithLargeRun();
await using dashboard = startLinkDashboard({ address: "127.0.0.1:0", link, isSimulated: false });
const browser = await launchChromium();
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } }))
    .newPage();
  await page.addInitScript(`
    globalThis.tasks = [];
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ startTime, duration }) => [startTime, duration])))
      .observe({ type: "longtask", buffered: true });`);
  await page.goto(dashboard.url);
  await page.getByRole("table").waitFor();
  const base = dashboard.url.split("#")[0]!;
  for (
    const [name, hash, ready] of [
      ["runs", "#/runs", "table"],
      ["overview", `#/runs/${runId}`, "canvas"],
      ["rounds", `#/runs/${runId}/rounds/499`, "h2 ~ .table table"],
      ["nodes", "#/nodes", "table"],
      ["events", "#/events", "table"],
    ] as const
  ) {
    await measure(page, name, base + hash, ready);
  }
  await page.goto(`${base}#/runs/${runId}/rounds`);
  await page.locator("h2 ~ .table table").waitFor();
  await page.evaluate("tasks.length = 0");
  await nextRound();
  await page.locator(".row-link", { hasText: "500" }).waitFor();
  await page.waitForTimeout(WATCH_SECONDS * 1000);
  console.log(`a round of 1,000 nodes arrives: longest task ${await longest(page)} ms`);
} finally {
  await browser.close();
}
await link.close();

async function measure(page: Page, name: string, url: string, ready: string): Promise<void> {
  await page.goto("about:blank");
  await page.goto(url);
  await page.locator(ready).first().waitFor();
  const shown = await page.evaluate("performance.now()") as number;
  const first = await longest(page);
  await page.evaluate("tasks.length = 0");
  await page.waitForTimeout(WATCH_SECONDS * 1000);
  const rows = await page.locator("tr").count();
  console.log(
    `${name}: data shown after ${
      Math.round(shown)
    } ms, longest task ${first} ms, later ${await longest(page)} ms, ${rows} rows drawn`,
  );
}

/** The longest task, in milliseconds; 0: none was longer than 50 ms. */
async function longest(page: Page): Promise<number> {
  return Math.round(await page.evaluate("Math.max(0, ...tasks.map(([, duration]) => duration))"));
}
