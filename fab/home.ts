import { homedir } from "node:os";
import { join } from "node:path";

/** The folder that Flower's commands share, Python's and ours: `FLWR_HOME`, or `.flwr` in the user's own folder. */
export function flwrHome(): string {
  return Deno.env.get("FLWR_HOME") || join(homedir(), ".flwr");
}
