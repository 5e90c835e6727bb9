/** The server of resets_test.ts, a process of its own: its address goes to stdout. */
import { bindControl, serveHttp } from "../../rpc/testing/control.ts";

const server = await serveHttp(bindControl({}));
console.log(server.address);
