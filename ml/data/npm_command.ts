/**
 * Runs the installed npm.
 *
 * @returns what it printed; undefined if there is no npm, it must not be run, or it fails
 */
export async function runNpm(args: readonly string[], cwd?: string): Promise<string | undefined> {
  // On Windows npm is a batch file, which only a shell can start.
  const [command, ...first] = Deno.build.os === "windows" ? ["cmd", "/c", "npm"] : ["npm"];
  try {
    const { success, stdout } = await new Deno.Command(command!, {
      args: [...first, ...args],
      cwd,
      stdin: "null",
      stdout: "piped",
      stderr: "null",
    }).output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotCapable) {
      return undefined;
    }
    throw error;
  }
}
