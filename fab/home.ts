import { homedir } from "node:os";
import { join } from "node:path";

/** Flower's home folder, shared with Python's commands: `FLWR_HOME`, or `.flwr` in the user's home. */
export function flwrHome(): string {
  return Deno.env.get("FLWR_HOME") || join(homedir(), ".flwr");
}
