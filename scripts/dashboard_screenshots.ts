/**
 * Takes the pictures of docs/dashboard from a federation of four nodes, of which one is slow and one fails:
 *
 *     deno run -A scripts/dashboard_screenshots.ts [FOLDER]
 */
import type { Page } from "playwright-core";
import { startScene, submit } from "../tests/dashboard/scene.ts";
import { launchChromium } from "../tests/support/chromium.ts";
import { repositoryPath } from "../tests/support/repository.ts";
import { Stage } from "../tests/support/stage.ts";

/** The round that the pictures show. */
const ROUND = 14;

const folder = Deno.args[0] ?? repositoryPath("docs/dashboard");
await Deno.mkdir(folder, { recursive: true });

await using stage = await Stage.open();
const scene = await startScene(stage, [
  { name: "hospital-a" },
  { name: "hospital-b", config: "slowness=2.5" },
  { name: "hospital-c", config: "fails-in=9" },
  { name: "hospital-d" },
]);
const browser = await launchChromium();
try {
  const earlier = await submit(stage, scene, "num-rounds=5 nodes=4 pause-ms=20");
  const context = await browser.newContext({ viewport: { width: 1180, height: 820 } });
  const page = await context.newPage();
  await page.goto(scene.url);
  const base = scene.url.split("#")[0]!;
  await page.goto(`${base}#/runs/${earlier}`);
  await page.locator(".badge", { hasText: "completed" }).waitFor({ timeout: 60_000 });
  const run = await submit(stage, scene, "num-rounds=20 nodes=4 pause-ms=350");
  await page.goto(`${base}#/runs/${run}`);
  await page.locator(".tile dd", { hasText: new RegExp(`^${ROUND}$`) }).first().waitFor({
    timeout: 90_000,
  });
  await page.getByText("hospital-d").first().waitFor();
  await take(page, "run");
  await page.goto(`${base}#/runs/${run}/rounds/${ROUND - 1}`);
  await page.getByRole("table", { name: `Nodes in round ${ROUND - 1}` }).waitFor();
  await take(page, "rounds");
  await page.emulateMedia({ colorScheme: "dark" });
  await page.goto(`${base}#/runs/${run}`);
  await page.locator("canvas").first().waitFor();
  await take(page, "dark");
} finally {
  await browser.close();
}

/** Takes a picture, after what the mouse and the time of the last change could still move. */
async function take(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.waitForTimeout(600);
  await page.screenshot({ path: `${folder}/${name}.png` });
  console.log(`${folder}/${name}.png`);
}
