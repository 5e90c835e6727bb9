/** The server of descriptors_test.ts, a process of its own with few file descriptors: its address to stdout. */
import { bindControl, serveHttp } from "../../rpc/testing/control.ts";

const server = await serveHttp(bindControl({}));
console.log(server.address);
