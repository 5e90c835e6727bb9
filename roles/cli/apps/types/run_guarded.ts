/**
 * Runs its arguments as a program and ends with its status. At the end of standard input, which comes with the end of
 * the process that holds the other end, the program is killed. Programs in the background have none of their own.
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
  /** Added to this process' environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Ends the program. */
  readonly signal: AbortSignal;
}

/**
 * Runs a program that does not outlive this process, however that ends: also where it is killed, but for Windows.
 *
 * @returns whether its exit status was 0, and what it wrote to stderr
 * @throws the signal's reason when it ended the program
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
    // A session of its own: a terminal's Ctrl-C, which signals the whole process group, would end the shell, in the
    // moment before its guard stands even with the program left behind.
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
    // What watches for the end of this process is not needed any more.
    if (!isWindows) await child.stdin.abort().catch(() => {});
  }
}
