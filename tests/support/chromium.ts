import { type Browser, chromium } from "playwright-core";
import { CHROMIUM } from "./chromium_program.ts";

/**
 * Starts Chromium without a window. Close it at the end.
 *
 * @param flags more flags of its command line
 */
export async function launchChromium(flags: readonly string[] = []): Promise<Browser> {
  return await chromium.launch({
    executablePath: CHROMIUM,
    // Its own sandbox refuses to run as root, which continuous integration does.
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--lang=en-GB", ...flags],
  });
}
