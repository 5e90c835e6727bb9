import { FlwrError } from "../../../../base/error.ts";

/** What a command printed. */
export interface ToolOutput {
  readonly success: boolean;
  readonly stdout: string;
  /** What it wrote to stderr, without spaces around it. */
  readonly complaint: string;
}

/** Runs a command of a scheduler. */
export type RunTool = (name: string, args: readonly string[]) => Promise<ToolOutput>;

/** Seconds that a scheduler's command may take. */
const TOOL_SECONDS = 30;

/**
 * Runs a command that is installed on this machine.
 *
 * @throws FlwrError "failed-precondition" if it is not, "deadline-exceeded" if it takes too long
 */
export async function runTool(name: string, args: readonly string[]): Promise<ToolOutput> {
  const signal = AbortSignal.timeout(1000 * TOOL_SECONDS);
  let output: Deno.CommandOutput;
  try {
    const options = { args: [...args], stdin: "null" as const, signal };
    output = await new Deno.Command(name, { ...options, stdout: "piped", stderr: "piped" })
      .output();
  } catch (cause) {
    if (signal.aborted) throw tookTooLong(name);
    throw new FlwrError("failed-precondition", `--engine: "${name}" cannot be run here`, {
      hints: [`Use a machine from which you can submit jobs: ${name} must be on its PATH`],
      cause,
    });
  }
  if (signal.aborted) throw tookTooLong(name);
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  const { success, stdout, stderr } = output;
  return { success, stdout: text(stdout), complaint: text(stderr).trim() };
}

function tookTooLong(name: string): FlwrError {
  return new FlwrError(
    "deadline-exceeded",
    `--engine: "${name}" did not end within ${TOOL_SECONDS} s`,
  );
}
