/**
 * Attacks a SuperLink on this machine, in a separate process. Prints its statistics as JSON.
 *
 *     deno run -A tests/security/attacks/attack.ts NAME HTTP-ADDRESS GRPC-ADDRESS SECONDS
 */
import { isLoopback, parseAddress } from "../../../rpc/address.ts";
import { ATTACKS, type Done } from "./attacks.ts";

const [name = "", http = "", grpc = "", seconds = "0"] = Deno.args;
for (const address of [http, grpc]) {
  if (!isLoopback(parseAddress(address).host)) throw new Error(`"${address}" is another machine's`);
}
const attack = ATTACKS[name];
if (attack === undefined) {
  throw new Error(`No attack "${name}": ${Object.keys(ATTACKS).join(", ")}`);
}
const done: Done = { connections: 0, units: 0 };
const over = new AbortController();
setTimeout(() => over.abort(), Number(seconds) * 1000);
// A pending write would keep the process alive.
setTimeout(finish, Number(seconds) * 1000 + 2000);
await attack({ http, grpc, signal: over.signal, done });
finish();

function finish(): never {
  console.log(JSON.stringify(done));
  Deno.exit(0);
}
