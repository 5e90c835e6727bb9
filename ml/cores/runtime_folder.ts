import { join } from "node:path";
import { processEnvironment, type UserEnvironment } from "../data/user_environment.ts";

/**
 * The folder in which one user's trainers on one machine find each other: FLWR_RUNTIME_DIR, or a folder of the user's
 * own in the system's temporary folder. It is not in the home folder, because machines may share that.
 */
export function runtimeFolder(
  environment: UserEnvironment = processEnvironment,
  user: number | null = userId(),
): string {
  const own = environment.get("FLWR_RUNTIME_DIR");
  if (own) return own;
  const name = user === null ? "flwr" : `flwr-${user}`;
  if (environment.os !== "windows") return join(environment.get("TMPDIR") || "/tmp", name);
  return join(environment.get("TEMP") || "C:\\Windows\\Temp", name);
}

/**
 * The user's number. Null on Windows, where each user has a temporary folder, and where reading the number is not
 * permitted.
 */
function userId(): number | null {
  try {
    return Deno.uid();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}
