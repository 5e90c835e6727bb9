import { lazy } from "../../../base/lazy.ts";
import { inflateZlib } from "../../../base/platform.ts";
import { JPEG_TURBO, JPEG_TURBO_BYTES } from "./jpeg_turbo_wasm.ts";

/** Functions of TurboJPEG's C interface (turbojpeg.h of libjpeg-turbo 2). Pointers are addresses in the memory. */
interface TurboJpeg {
  readonly memory: WebAssembly.Memory;
  malloc(bytes: number): number;
  tjInitDecompress(): number;
  tjDecompressHeader3(handle: number, file: number, bytes: number, ...found: number[]): number;
  tjDecompress2(handle: number, file: number, bytes: number, ...target: number[]): number;
}

/** Formats of pixels (TJPF). */
const [RGB, GREY] = [0, 6];

const module = lazy(() =>
  new WebAssembly.Module(
    inflateZlib(Uint8Array.fromBase64(JPEG_TURBO), JPEG_TURBO_BYTES) as Uint8Array<ArrayBuffer>,
  )
);

/** A decoder without a system: where it would report an error of its own, or call the system, it throws. */
function instantiate(): TurboJpeg {
  const fail = (why: string) => () => {
    throw new Error(why);
  };
  const system = ["environ_get", "proc_exit", "fd_close", "fd_seek", "fd_write"];
  const { exports } = new WebAssembly.Instance(module(), {
    env: { setjmp: () => 0, longjmp: fail("libjpeg-turbo refuses the file") },
    wasi_snapshot_preview1: {
      ...Object.fromEntries(system.map((name) => [name, fail(`libjpeg-turbo calls ${name}`)])),
      environ_sizes_get: () => 0,
    },
  });
  return exports as unknown as TurboJpeg;
}

/**
 * Decodes a JPEG file with libjpeg-turbo, as Pillow does: to the same pixels. Each file gets an instance of its own, whose
 * memory goes with it.
 *
 * @param channels 1: grey; 3: red, green, blue
 * @returns [height, width, channels]
 * @throws Error when the file is damaged, also where libjpeg-turbo only warns: pixels are missing or wrong then
 */
export function decodeWithJpegTurbo(
  file: Uint8Array,
  { width, height, channels }: { width: number; height: number; channels: 1 | 3 },
): Uint8Array {
  const turbo = instantiate();
  const allocate = (bytes: number) => {
    const address = turbo.malloc(bytes);
    if (address === 0) throw new Error("libjpeg-turbo has too little memory");
    return address;
  };
  const source = allocate(file.length);
  new Uint8Array(turbo.memory.buffer).set(file, source);
  const handle = turbo.tjInitDecompress();
  if (handle === 0) throw new Error("libjpeg-turbo has too little memory");
  const found = allocate(16);
  const places = [0, 4, 8, 12].map((offset) => found + offset);
  if (turbo.tjDecompressHeader3(handle, source, file.length, ...places) !== 0) {
    throw new Error("libjpeg-turbo refuses the header");
  }
  const [foundWidth, foundHeight] = new Int32Array(turbo.memory.buffer, found, 2);
  if (foundWidth !== width || foundHeight !== height) throw new Error("its size changes within it");
  const bytes = width * height * channels;
  const target = allocate(bytes);
  const format = channels === 1 ? GREY : RGB;
  const lineBytes = width * channels;
  const size = [target, width, lineBytes, height, format, 0];
  if (turbo.tjDecompress2(handle, source, file.length, ...size) !== 0) {
    throw new Error("libjpeg-turbo warns: its pixels are cut short or damaged");
  }
  return new Uint8Array(turbo.memory.buffer, target, bytes);
}
