/** Whether a program is installed. Tests that need a missing program are skipped. */
export function installed(program: string): boolean {
  try {
    new Deno.Command(program, { args: ["-?"], stdout: "null", stderr: "null" }).outputSync();
    return true;
  } catch {
    return false;
  }
}

/** Runs a program and returns its standard output. Throws with its standard error unless it exits with 0. */
export async function runTool(program: string, ...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, { args }).output();
  if (!success) {
    throw new Error(`${program} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  }
  return new TextDecoder().decode(stdout);
}
