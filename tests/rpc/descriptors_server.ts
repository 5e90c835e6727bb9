/** The servers of descriptors_test.ts, a process of its own with few file descriptors: their addresses to stdout. */
import { bindControl, serveGrpc, serveHttp } from "../../rpc/testing/control.ts";

// As Flower's processes do. Deno panics where it takes its first descriptors for signals when there are none left.
Deno.addSignalListener("SIGTERM", () => Deno.exit());

const http = await serveHttp(bindControl({}));
const grpc = await serveGrpc(bindControl({ listRuns: () => Promise.resolve({ now: "then" }) }));
console.log(`${http.address} ${grpc.address}`);
