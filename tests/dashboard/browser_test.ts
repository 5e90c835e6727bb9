/** The dashboard in a real browser, with real runs. */
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { eventually } from "../support/deadline.ts";
import { hasChromium } from "../support/chromium_program.ts";
import { launchChromium } from "../support/chromium.ts";
import { Stage } from "../support/stage.ts";
import { startForeignPage } from "./foreign_page.ts";
import { HOSTILE_LINE, HOSTILE_NAME, type Scene, startScene, submit } from "./scene.ts";

/** Seconds within which the page shows something, on a busy machine. */
const SHOW_SECONDS = 30;

/** A name of any site, which the browser resolves to this machine, as with DNS rebinding. */
const REBOUND = "rebound.example";

/** The views without a run, by their addresses. */
const VIEWS = ["#/runs", "#/nodes", "#/events"];

/** The parts of a run's page. */
const TABS = ["", "/rounds", "/log", "/events", "/files", "/settings"];

/** What the steps share. */
interface Show {
  readonly stage: Stage;
  readonly browser: Browser;
  readonly page: Page;
  readonly scene: Scene;
  /** "http://127.0.0.1:1234/". */
  readonly base: string;
  /** A run that has completed. */
  readonly done: string;
  /** A run that goes on. */
  readonly going: string;
}

const STEPS: Readonly<Record<string, (show: Show) => Promise<void>>> = {
  "the token leaves the address": async ({ page, scene }) => {
    await page.goto(scene.url);
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    assert.ok(!page.url().includes("token"), page.url());
    assert.equal(await page.evaluate("document.cookie"), "");
  },

  "runs show their state and round": async ({ page, done, going }) => {
    const row = (run: string) => page.getByRole("row").filter({ hasText: run });
    await row(done).filter({ hasText: "completed" }).filter({ hasText: "3 / 3" }).waitFor();
    await row(going).filter({ hasText: "running" }).waitFor();
    const headers = await page.getByRole("columnheader").allTextContents();
    assert.deepEqual(headers.slice(0, 2), ["Run", "Id"]);
  },

  "a run shows its rounds, live, and each node's part": async ({ page, base, going }) => {
    await page.goto(`${base}#/runs/${going}/rounds`);
    const rounds = page.getByRole("table", { name: "Rounds" });
    const newest = () => rounds.locator("tbody tr a").first().textContent();
    const first = Number(await newest());
    await eventually(async () => Number(await newest()) > first, SHOW_SECONDS, "another round");
    await page.goto(`${base}#/runs/${going}/rounds/1`);
    const nodes = page.getByRole("table", { name: "Nodes in round 1" });
    for (const name of ["hospital-a", "hospital-b"]) {
      const row = nodes.getByRole("row").filter({ hasText: name }).filter({ hasText: "train" });
      await row.waitFor();
      // Waiting, work and transfer are parts of one bar.
      assert.match(await row.getByRole("img").getAttribute("aria-label") ?? "", /training/);
    }
  },

  "charts have a line per node, and a table": async ({ page, base, done }) => {
    await page.goto(`${base}#/runs/${done}`);
    const chart = page.getByRole("figure", { name: "accuracy, evaluation" });
    await chart.locator("canvas").waitFor();
    await chart.getByText("hospital-a").waitFor();
    await chart.getByRole("button", { name: "Table" }).click();
    const cells = await chart.getByRole("row").last().getByRole("cell").allTextContents();
    assert.equal(cells.length, 4); // three nodes, and all
    assert.ok(cells.every((text) => Number(text) > 0 && Number(text) < 1), cells.join());
  },

  "hostile names and lines are text": async ({ page, base, done }) => {
    await page.goto(`${base}#/nodes`);
    await page.getByText(HOSTILE_NAME).waitFor();
    await page.goto(`${base}#/runs/${done}/log`);
    const log = page.getByRole("log");
    await page.getByRole("searchbox").fill("</script>");
    await log.getByText("<script>globalThis.hacked=1</script>").waitFor();
    const text = await log.textContent() ?? "";
    assert.match(text, /<\/script>red .gnp\.exe & <b>bold<\/b>/);
    assert.match(HOSTILE_LINE, /\p{Cc}.*\p{Cf}/u);
    assert.doesNotMatch(text, /\p{Cc}|\p{Cf}/u);
    assert.equal(await page.evaluate("globalThis.hacked"), undefined);
    assert.equal(await page.locator("main img, main script").count(), 0);
  },

  "a log can be searched": async ({ page }) => {
    await page.getByRole("searchbox").fill("");
    await page.getByText("lines, complete").waitFor();
    await page.getByRole("searchbox").fill("[summary]");
    await page.getByText(/^1 of \d+ lines match$/).waitFor();
    await page.getByRole("log").getByText("[SUMMARY]").waitFor();
  },

  "files are downloads": async ({ page, base, done }) => {
    await page.goto(`${base}#/runs/${done}/files`);
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "model.npz" }).click(),
    ]);
    assert.equal(download.suggestedFilename(), "model.npz");
    const bytes = await Deno.readFile((await download.path())!);
    assert.equal(new TextDecoder().decode(bytes.subarray(0, 2)), "PK");
  },

  "a run is started again with changes": async ({ page, base, done }) => {
    await page.goto(`${base}#/runs/${done}`);
    await page.getByRole("button", { name: "Run again…" }).click();
    const settings = page.getByRole("textbox", { name: /Settings/ });
    assert.match(await settings.inputValue(), /^num-rounds = 3$/m);
    await settings.fill("num-roundz = 1");
    await page.getByRole("button", { name: "Start run" }).click();
    await page.getByRole("alert").filter({ hasText: "num-roundz" }).waitFor();
    await settings.fill('num-rounds = 1\nnodes = 3\nlearning-rate = 2.0\nnote = "b"');
    await page.getByRole("button", { name: "Start run" }).click();
    await page.waitForURL((url) => /#\/runs\/\d+$/.test(url.hash) && !url.hash.endsWith(done));
    await page.locator(".badge", { hasText: "completed" }).waitFor();
    await page.getByRole("link", { name: "Settings" }).click();
    const row = page.getByRole("row").filter({ hasText: "learning-rate" });
    assert.deepEqual(await row.getByRole("cell").allTextContents(), [
      "learning-rate",
      "2.0",
      "number",
    ]);
  },

  "pages of other sites and ports can do nothing": async ({ browser, page, base, going }) => {
    // Of this machine, so it is of the same site: the browser sends the cookie along.
    await using foreign = startForeignPage();
    const other = await page.context().newPage();
    await other.goto(foreign.url);
    const results = await other.evaluate(foreign.attack, { base, run: going });
    assert.deepEqual(Object.entries(results).filter(([, result]) => result !== "refused"), []);
    assert.ok(Object.keys(results).length >= 5);
    await other.close();
    const port = new URL(base).port;
    const rebound = await (await browser.newContext()).newPage();
    const response = await rebound.goto(`http://${REBOUND}:${port}/`);
    assert.equal(response?.status(), 421);
    await rebound.context().close();
    await page.goto(`${base}#/runs/${going}`);
    await page.locator(".badge", { hasText: "running" }).waitFor();
  },

  "a run is stopped, after a question": async ({ page, base, going }) => {
    await page.goto(`${base}#/runs/${going}`);
    await page.getByRole("button", { name: "Stop…" }).click();
    await page.getByRole("button", { name: "Keep running" }).click();
    await page.locator(".badge", { hasText: "running" }).waitFor();
    await page.getByRole("button", { name: "Stop…" }).click();
    await page.getByRole("button", { name: "Stop run" }).click();
    await page.locator(".badge", { hasText: "stopped" }).waitFor();
    await page.goto(`${base}#/events`);
    await page.getByRole("row").filter({ hasText: "run-finished" }).filter({ hasText: "stopped" })
      .waitFor();
  },

  "a simulation shows its rounds and nodes": async ({ stage, browser, scene }) => {
    const simulated = await startScene(stage, [], ["--simulation"], scene.app);
    const run = await submit(stage, simulated, "num-rounds=2 nodes=3", [
      ...["--federation-config", "num-supernodes=3"],
    ]);
    const page = await (await browser.newContext()).newPage();
    page.setDefaultTimeout(SHOW_SECONDS * 1000);
    await page.goto(simulated.url);
    await page.getByRole("heading", { name: "Runs" }).waitFor();
    await page.goto(`${simulated.url.split("#")[0]}#/runs/${run}`);
    await page.getByText("3 simulated nodes").waitFor();
    await page.locator(".badge", { hasText: "completed" }).waitFor();
    const chart = page.getByRole("figure", { name: "loss, training" });
    await chart.locator(".legend li").nth(3).waitFor();
    await page.goto(`${simulated.url.split("#")[0]}#/runs/${run}/rounds/2`);
    const rows = page.getByRole("table", { name: "Nodes in round 2" }).locator("tbody tr");
    await eventually(async () => await rows.count() === 6, SHOW_SECONDS, "three nodes, two phases");
    await page.context().close();
  },

  "the keyboard is enough": async ({ page, base }) => {
    await page.goto(`${base}#/runs`);
    await page.reload();
    await page.getByRole("table", { name: "Runs" }).waitFor();
    const focused = () => page.evaluate("document.activeElement?.textContent?.trim() ?? ''");
    assert.equal(await focused(), "Runs");
    for (let presses = 0; presses < 5 && await focused() !== "tests/mnist"; presses++) {
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Overview" }).waitFor();
    assert.match(String(await focused()), /^tests\/mnist/);
  },

  "every view has named parts, and fits into 360 pixels": async ({ page, base, done }) => {
    await page.setViewportSize({ width: 360, height: 740 });
    for (const hash of [...VIEWS, ...TABS.map((tab) => `#/runs/${done}${tab}`)]) {
      await page.goto(base + hash);
      await page.locator("main h1").waitFor();
      await page.getByText("Loading…").waitFor({ state: "detached" });
      const found = await page.evaluate(UNNAMED) as string[];
      assert.deepEqual(found, [], hash);
      const width = await page.evaluate("document.documentElement.scrollWidth");
      assert.equal(width, 360, hash);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
  },

  "signing out ends the session": async ({ page, base }) => {
    await page.goto(`${base}#/runs`);
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("textbox", { name: "Address or token" }).waitFor();
    assert.equal(await page.getByRole("table").count(), 0);
  },
};

/** Finds elements that a screen reader could not name, and tables without headers. */
const UNNAMED = `(() => {
  const nameOf = (element) => (element.getAttribute("aria-label") ?? "") + element.textContent +
    [...element.labels ?? []].map((label) => label.textContent).join("");
  const bare = [...document.querySelectorAll("button, a, input, textarea, table, nav, figure, [role=region]")]
    .filter((element) => nameOf(element).trim() === "");
  const headless = [...document.querySelectorAll("table")]
    .filter((table) => table.querySelector("th[scope]") === null);
  const images = [...document.querySelectorAll("img:not([alt]), svg:not([aria-hidden]):not([aria-label])")];
  return [...bare, ...headless, ...images].map((element) => element.outerHTML.slice(0, 100));
})()`;

Deno.test({
  name: "dashboard: in a browser",
  ignore: !hasChromium() && Deno.env.get("CI") === undefined,
  // The library keeps timers and a process of its own until the browser is closed.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: async (test) => {
    await using stage = await Stage.open();
    const starting = launchChromium([`--host-resolver-rules=MAP ${REBOUND} 127.0.0.1`]);
    const scene = await startScene(stage, [
      { name: "hospital-a" },
      { name: "hospital-b", config: "slowness=3" },
      { name: HOSTILE_NAME },
    ]);
    const browser = await starting;
    try {
      const done = await submit(stage, scene, "num-rounds=3 nodes=3");
      const going = await submit(stage, scene, "num-rounds=1000 nodes=3 pause-ms=100");
      const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
      const page = await context.newPage();
      page.setDefaultTimeout(SHOW_SECONDS * 1000);
      const complaints: string[] = [];
      page.on("pageerror", (error) => complaints.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") complaints.push(message.text());
      });
      const base = scene.url.split("#")[0]!;
      const show = { stage, browser, page, scene, base, done, going };
      for (const [name, step] of Object.entries(STEPS)) {
        const passed = await test.step({
          name,
          sanitizeOps: false,
          sanitizeResources: false,
          fn: () => step(show),
        });
        if (!passed) console.log(await page.locator("body").ariaSnapshot(), stage.tails());
      }
      // Refused settings, and the requests after the sign-out.
      assert.deepEqual(complaints.filter((text) => !/status of 40[01]/.test(text)), []);
      await stage.assertNoSecrets();
      const token = new URL(scene.url).hash.slice("#token=".length);
      const logged = scene.superlink.lines.filter((line) => line.includes(token));
      assert.equal(logged.length, 1, "only the line on stdout has the token");
    } finally {
      await browser.close();
    }
  },
});
