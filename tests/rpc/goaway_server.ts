/** The server of goaway_test.ts, a process of its own: certificates from stdin as JSON, the address to stdout. */
import { serveDriver } from "../../rpc/testing/driver.ts";

const tls = await new Response(Deno.stdin.readable).json();
const server = await serveDriver({}, { tls });
console.log(server.address);
