import { FlwrError } from "../../base/error.ts";

/** Most lines of the compiler's output that an error shows. */
const MAX_SHOWN_LINES = 40;

/** Words in Deno's output that only occur if denort is missing. */
const DENORT_FAILURE = /denort|Setting up base binary/i;

/**
 * Runs this Deno itself.
 *
 * @param project the folder to run it in
 * @returns its output on stdout
 * @throws FlwrError "unavailable" when it fails, with a hint on how to get denort if that is missing
 */
export async function runDeno(args: readonly string[], project: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: project,
    // A backtrace of Deno's code does not help users.
    env: { RUST_BACKTRACE: "0", NO_COLOR: "1" },
    stdin: "null",
  }).output();
  if (success) return new TextDecoder().decode(stdout);
  throw explainFailure(args[0]!, new TextDecoder().decode(stderr), Deno.version.deno);
}

/**
 * Explains the failure of a Deno command to the user.
 *
 * @param command such as "compile"
 * @param stderr its output on stderr
 * @param version Deno's own version
 */
export function explainFailure(command: string, stderr: string, version: string): FlwrError {
  if (DENORT_FAILURE.test(stderr)) {
    const address = /https?:\/\/[^\s)]*denort[^\s)]*/.exec(stderr)?.[0];
    return new FlwrError(
      "unavailable",
      `"deno ${command}" needs denort ${version}, the runtime that goes into the executable, and cannot download it`,
      {
        hints: [
          address === undefined
            ? `Get denort ${version} for the platform from Deno's release page`
            : `On a machine that can, download and unpack ${address}`,
          "Then name the file: DENORT_BIN=/path/to/denort deno task compile",
        ],
      },
    );
  }
  const words = stderr.trim().split("\n").slice(-MAX_SHOWN_LINES).join("\n");
  return new FlwrError("unavailable", `"deno ${command}" failed: ${words || "no output"}`);
}
