/** `deno task dashboard`: bundles the page of the dashboard into the module that the SuperLink serves it from. */
import { ASSETS_FILE, bundlePage } from "./dashboard/bundle.ts";

const text = await bundlePage(".");
await Deno.writeTextFile(ASSETS_FILE, text);
console.log(`${ASSETS_FILE}: ${Math.round(text.length / 1000)} kB`);
