/** Where a system's fenv_t has the control word of floating point, and the bits that make zeros of denormals. */
interface Layout {
  readonly library: string;
  /** Bytes to the control word, of 4 bytes. */
  readonly offset: number;
  readonly bits: number;
}

/** glibc's fenv_t: on x64 MXCSR's FTZ and DAZ come last, on ARM FPCR's FZ first. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  x86_64: { library: "libm.so.6", offset: 28, bits: 0x8040 },
  aarch64: { library: "libm.so.6", offset: 0, bits: 1 << 24 },
};
/** More than any fenv_t has. */
const ENVIRONMENT_BYTES = 64;

/**
 * Makes the calling thread take denormal numbers for zeros and give zeros for them, until it ends: in arithmetic of ONNX
 * Runtime and of JavaScript alike, and in threads that it starts. So it is for threads that have no other numbers to compute.
 *
 * ONNX Runtime's option `set_denormal_as_zero` does so in its own threads, but of those that call it only in the one that
 * opens a process's first model (`std::call_once` in inference_session.cc, 1.30): a later training would give other
 * last digits than the first, and be slower on processors for which denormals take longer.
 *
 * @returns whether it could; other systems keep denormals
 */
export function flushDenormals(): boolean {
  const layout = Deno.build.os === "linux" ? LAYOUTS[Deno.build.arch] : undefined;
  if (layout === undefined) return false;
  try {
    const library = Deno.dlopen(layout.library, {
      fegetenv: { parameters: ["buffer"], result: "i32" },
      fesetenv: { parameters: ["buffer"], result: "i32" },
    });
    try {
      const environment = new Uint8Array(ENVIRONMENT_BYTES);
      if (library.symbols.fegetenv(environment) !== 0) return false;
      const view = new DataView(environment.buffer);
      view.setUint32(layout.offset, view.getUint32(layout.offset, true) | layout.bits, true);
      return library.symbols.fesetenv(environment) === 0;
    } finally {
      library.close();
    }
  } catch {
    // Another C library, or a thread that may not call into one: slower in rare cases, not wrong.
    return false;
  }
}
