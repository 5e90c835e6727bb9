// `deno task gen-keys [n] [options]`: the same as `flwr keys generate`.
import { main } from "../main.ts";

Deno.exit(await main(["keys", "generate", ...Deno.args]));
