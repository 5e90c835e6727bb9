import { FlwrError } from "../../../base/error.ts";

/** The system's C library and the number of SIGUSR1, by platform. */
const PLATFORMS: Readonly<
  Partial<Record<typeof Deno.build.os, { library: string; number: number }>>
> = {
  linux: { library: "libc.so.6", number: 10 },
  darwin: { library: "libSystem.B.dylib", number: 30 },
};

/** SIG_IGN of signal.h, a pointer. */
const IGNORE = 1n;

/**
 * Makes this process ignore SIGUSR1 for good.
 *
 * Any thread can send the signal to its own process. Deno 2.9.3 opens a debugger port when it arrives, about half a second
 * after the start and later, even if a listener is added. Deno installs one handler per signal in the system, when the
 * first listener is added, and never again. So this adds a listener first, and then replaces the handler.
 *
 * @throws FlwrError "failed-precondition" if the system's library cannot be called
 */
export function ignoreDebuggerSignal(): void {
  const platform = PLATFORMS[Deno.build.os];
  // Windows has no such signal.
  if (platform === undefined) return;
  Deno.addSignalListener("SIGUSR1", () => {});
  const symbols = { signal: { parameters: ["i32", "pointer"], result: "pointer" } } as const;
  const ignore = Deno.UnsafePointer.create(IGNORE);
  try {
    const library = Deno.dlopen(platform.library, symbols);
    library.symbols.signal(platform.number, ignore);
    const now = library.symbols.signal(platform.number, ignore);
    library.close();
    if (Deno.UnsafePointer.value(now) === IGNORE) return;
  } catch (cause) {
    throw new FlwrError("failed-precondition", "Cannot make the sandbox ignore SIGUSR1", { cause });
  }
  throw new FlwrError("failed-precondition", "The sandbox still handles SIGUSR1");
}
