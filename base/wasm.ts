/**
 * A small assembler for WebAssembly (core specification 2.0): for loops that need SIMD, which
 * JavaScript has not. A program is written with functions of TypeScript, which write instructions.
 */

/** Instructions as bytes. */
export type Code = readonly number[];

/** Types of values. */
export const I32 = 0x7f;
/** A floating-point number of 32 bits. */
export const F32 = 0x7d;
/** A vector of 128 bits. */
export const V128 = 0x7b;

/** A function of a module. */
export interface WasmFunction {
  /** Under which it is exported; it is not without. */
  readonly name?: string;
  /** Types of the parameters: locals 0, 1, … */
  readonly parameters: readonly number[];
  /** Types of the other locals, which follow. */
  readonly locals: readonly number[];
  /** Its instructions, without the final `end`. It returns nothing. */
  readonly body: Code;
}

/** Bytes of a page of memory. */
export const PAGE_BYTES = 65_536;

/** A module with one memory, which it exports as "memory". @param pages of memory, fixed */
export function wasmModule(functions: readonly WasmFunction[], pages: number): WebAssembly.Module {
  const exported = functions.flatMap(({ name }, index) =>
    name === undefined ? [] : [{ name, index }]
  );
  return new WebAssembly.Module(Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(functions.map(({ parameters }) => [0x60, ...list(parameters), 0]))),
    ...section(3, list(functions.map((_, index) => unsigned(index)))),
    ...section(5, [1, 0x01, ...unsigned(pages), ...unsigned(pages)]),
    ...section(
      7,
      list([
        [...text("memory"), 0x02, 0],
        ...exported.map(({ name, index }) => [...text(name), 0x00, ...unsigned(index)]),
      ]),
    ),
    ...section(
      10,
      list(functions.map(({ locals, body }) => {
        const declared = list(locals.map((type) => [1, type]));
        return [...unsigned(declared.length + body.length + 1), ...declared, ...body, END];
      })),
    ),
  ]));
}

const END = 0x0b;

/** Pushes a local. */
export const get = (local: number): Code => [0x20, ...unsigned(local)];
/** Pops into a local. */
export const set = (local: number): Code => [0x21, ...unsigned(local)];
/** Copies the top of the stack into a local. */
export const tee = (local: number): Code => [0x22, ...unsigned(local)];
/** Calls a function. @param index its place in the module */
export const call = (index: number): Code => [0x10, ...unsigned(index)];
/** Repeats while its body leaves a number that is not 0. */
export const repeatWhile = (body: Code): Code => [0x03, 0x40, ...body, 0x0d, 0, END];
/** Runs one of two bodies, by the number on the stack. */
export const ifElse = (then: Code, otherwise: Code = []): Code => [
  ...[0x04, 0x40, ...then, ...(otherwise.length > 0 ? [0x05, ...otherwise] : []), END],
];

/** Instructions on 32-bit integers. Loads and stores take the offset in bytes. */
export const i32 = {
  const: (value: number): Code => [0x41, ...signed(BigInt(value))],
  load: (offset: number): Code => [0x28, 2, ...unsigned(offset)],
  store: (offset: number): Code => [0x36, 2, ...unsigned(offset)],
  eq: [0x46],
  ne: [0x47],
  lessUnsigned: [0x49],
  add: [0x6a],
  sub: [0x6b],
  mul: [0x6c],
  and: [0x71],
  or: [0x72],
  xor: [0x73],
  shl: [0x74],
  shrUnsigned: [0x76],
} as const;

const simd = (opcode: number): Code => [0xfd, ...unsigned(opcode)];

/** Instructions on vectors. */
export const v128 = {
  load: (offset: number): Code => [...simd(0x00), 0, ...unsigned(offset)],
  store: (offset: number): Code => [...simd(0x0b), 0, ...unsigned(offset)],
  and: simd(0x4e),
  or: simd(0x50),
  not: simd(0x4d),
  xor: simd(0x51),
  anyTrue: simd(0x53),
} as const;

/** Instructions on four 32-bit integers. */
export const i32x4 = {
  splat: simd(0x11),
  eq: simd(0x37),
  shl: simd(0xab),
  shrUnsigned: simd(0xad),
  add: simd(0xae),
  sub: simd(0xb1),
} as const;

/** Instructions on four floating-point numbers of 32 bits. */
export const f32x4 = {
  splat: simd(0x13),
  less: simd(0x43),
  greater: simd(0x44),
  ceil: simd(0x67),
  abs: simd(0xe0),
  add: simd(0xe4),
  sub: simd(0xe5),
  mul: simd(0xe6),
  min: simd(0xe8),
  max: simd(0xe9),
  fromUnsigned: simd(0xfb),
  toSigned: simd(0xf8),
} as const;

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly (number | Code)[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): Code {
  const bytes = new TextEncoder().encode(name);
  return [...unsigned(bytes.length), ...bytes];
}

/** An unsigned integer in LEB128. */
function unsigned(value: number): Code {
  return value < 128 ? [value] : [value % 128 + 128, ...unsigned(Math.floor(value / 128))];
}

/** A signed integer in LEB128. */
function signed(value: bigint): Code {
  const low = Number(value & 0x7fn);
  const rest = value >> 7n;
  const isLast = rest === 0n && (low & 0x40) === 0 || rest === -1n && (low & 0x40) !== 0;
  return isLast ? [low] : [low | 0x80, ...signed(rest)];
}
