import { join } from "node:path";
import { processEnvironment, type UserEnvironment } from "../data/user_environment.ts";

/**
 * The folder in which the trainers of one user on one machine see each other: FLWR_RUNTIME_DIR, or one of the user's
 * own in the folder for temporary files. It is not in the home folder, which machines may share.
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

/** The user's number; null on Windows, whose temporary folders are each user's own, and where it may not be asked. */
function userId(): number | null {
  try {
    return Deno.uid();
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return null;
    throw error;
  }
}
