/** The position of the floating-point control word in a system's fenv_t, and the bits that flush denormals to zero. */
interface Layout {
  readonly library: string;
  /** Offset of the control word (4 bytes), in bytes. */
  readonly offset: number;
  readonly bits: number;
}

/** glibc's fenv_t: on x64, FTZ and DAZ of MXCSR, which comes last; on ARM, FZ of FPCR, which comes first. */
const LAYOUTS: Readonly<Record<string, Layout>> = {
  x86_64: { library: "libm.so.6", offset: 28, bits: 0x8040 },
  aarch64: { library: "libm.so.6", offset: 0, bits: 1 << 24 },
};
/** Larger than any fenv_t. */
const ENVIRONMENT_BYTES = 64;

/**
 * Makes the calling thread treat denormal numbers as zeros until it ends, as operands and as results. That applies to
 * ONNX Runtime and to JavaScript, and to threads that it starts. Call it only in threads that compute nothing else.
 *
 * ONNX Runtime's option `set_denormal_as_zero` does the same in its own threads. Of the calling threads, it does so
 * only in the one that opens the first model of a process (`std::call_once` in inference_session.cc, 1.30). A later
 * training would give different last digits than the first, and be slower on processors where denormals are slow.
 *
 * @returns whether it succeeded; other systems keep denormals
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
    // Another C library, or a thread without the permission for FFI: slower in rare cases, but not wrong.
    return false;
  }
}
