/**
 * Shell script that runs its arguments as a program and exits with its status. It kills the program when stdin ends,
 * which happens when the process at the other end of the pipe ends. Stdin is duplicated (descriptor 3) because the shell
 * gives background programs no stdin.
 */
const GUARD = `exec 3<&0
"$@" 3<&- &
program=$!
{ cat <&3 >/dev/null; kill -9 $program; } 2>/dev/null &
guard=$!
exec 3<&-
wait $program
status=$?
kill $guard
exit $status`;

/** A program to run. */
export interface GuardedProgram {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** Environment variables, added to those of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/**
 * Runs a program that does not outlive this process, even if this process is killed (except on Windows).
 *
 * @returns whether its exit status was 0, and its stderr
 * @throws the signal's reason when the signal ended the program
 */
export async function runGuarded(
  { program, args, cwd, env, signal }: GuardedProgram,
): Promise<{ readonly success: boolean; readonly stderr: string }> {
  signal.throwIfAborted();
  const isWindows = Deno.build.os === "windows";
  const [file, ...words] = isWindows
    ? [program, ...args]
    : ["/bin/sh", "-c", GUARD, "sh", program, ...args];
  const child = new Deno.Command(file!, {
    args: words,
    cwd,
    env: { ...env },
    stdin: isWindows ? "null" : "piped",
    stdout: "null",
    stderr: "piped",
    // In a separate session, because a terminal's Ctrl-C signals the whole process group. It would end the shell,
    // perhaps before its guard is running, and leave the program behind.
    detached: !isWindows,
  }).spawn();
  const end = () => {
    if (isWindows) child.kill();
    else child.stdin.abort().catch(() => {});
  };
  signal.addEventListener("abort", end, { once: true });
  try {
    const { success, stderr } = await child.output();
    signal.throwIfAborted();
    return { success, stderr: new TextDecoder().decode(stderr) };
  } finally {
    signal.removeEventListener("abort", end);
    // Ends the guard.
    if (!isWindows) await child.stdin.abort().catch(() => {});
  }
}
