/** Where Debian's package puts it. */
export const CHROMIUM = "/usr/bin/chromium";

/** Why tests in a browser do not run here, as the line that says so. */
export const NO_CHROMIUM = "No Chromium found (Debian: apt-get install chromium): " +
  "the dashboard is not tested in a browser";

/** Whether Debian's Chromium is installed. */
export function hasChromium(): boolean {
  try {
    return Deno.statSync(CHROMIUM).isFile;
  } catch {
    return false;
  }
}
