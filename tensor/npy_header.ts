import { FlwrError } from "../base/error.ts";
import { type DType, DTYPES, itemSize } from "./dtype.ts";
import { MAX_ARRAY_BYTES, MAX_RANK } from "./limits.ts";

/** The data in the text header of a .npy file. */
export interface NpyHeader {
  readonly dtype: DType;
  /** Whether elements wider than a byte are stored with the highest byte first. */
  readonly bigEndian: boolean;
  /** Whether the first axis varies fastest (column-major). */
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** numpy's names of the types: a letter for the kind, and the number of bytes. */
const NUMPY_NAMES: Readonly<Record<DType, string>> = {
  float16: "f2",
  float32: "f4",
  float64: "f8",
  int8: "i1",
  int16: "i2",
  int32: "i4",
  int64: "i8",
  uint8: "u1",
  uint16: "u2",
  uint32: "u4",
  uint64: "u8",
  bool: "b1",
};

/**
 * Single letters for types (`numpy.dtype.char`), which numpy also reads and other programs write. "l", "L", "p" and "P"
 * are missing because their size depends on the system.
 */
const LETTERS: Readonly<Record<string, DType>> = {
  "?": "bool",
  b: "int8",
  B: "uint8",
  h: "int16",
  H: "uint16",
  i: "int32",
  I: "uint32",
  q: "int64",
  Q: "uint64",
  e: "float16",
  f: "float32",
  d: "float64",
};

const LONG_DOUBLE = "long double, whose size depends on the system";

/** First letters of unsupported types, with their meaning for the error message. */
const REFUSED_KINDS: readonly (readonly [start: RegExp, meaning: string])[] = [
  [/^[Oo]/, "Python objects, which only unpickling could read"],
  [/^(S|a\d|bytes)/, "byte strings"],
  [/^(U|str)/, "text"],
  // ml_dtypes, and with it JAX and PyTorch's exporters, saves its types under numpy's name for raw bytes.
  [/^(bfloat16|V2$)/, "bfloat16, or raw records"],
  [/^(float8|f1$|V1$)/, "float8, or raw records"],
  [/^(f12|f16|g|float96|float128|longdouble)$/, LONG_DOUBLE],
  [/^(V|void)/, "structured or raw records"],
  [/^[cFDG]/, "complex numbers"],
  [/^(M|datetime)/, "dates"],
  [/^(m|timedelta)/, "time spans"],
  [/^(l|L|p|P|int|uint|long|ulong|intp|uintp|intc|uintc)$/, "a size that depends on the system"],
];

/** The meaning of records in {@link REFUSED_KINDS}. */
const RECORDS = "structured or raw records";

/** Most characters of foreign text that an error message repeats. */
const QUOTED_CHARACTERS = 60;

/** Number of digits for which numpy leaves room in the first axis (`GROWTH_AXIS_MAX_DIGITS`). */
const GROWTH_AXIS_DIGITS = 21;

/**
 * Formats the header as numpy does: a Python dictionary with sorted keys, C order, and room for the first axis to grow.
 * It does not include the padding and the newline.
 */
export function formatNpyHeader(dtype: DType, shape: readonly number[]): string {
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(", ");
  const growth = shape.length === 0 ? 0 : GROWTH_AXIS_DIGITS - String(shape[0]).length;
  const type = (itemSize(dtype) === 1 ? "|" : "<") + NUMPY_NAMES[dtype];
  return `{'descr': '${type}', 'fortran_order': False, 'shape': (${axes}), }` +
    " ".repeat(growth);
}

/**
 * Parses a header with a grammar of its own: a dictionary with exactly the keys `descr`, `fortran_order` and `shape`,
 * in any order, with literals of the right type. Nothing is evaluated.
 *
 * @throws FlwrError "invalid-argument" when the text is anything else, or the type or shape is not supported
 */
export function parseNpyHeader(text: string): NpyHeader {
  const scanner = new Scanner(text);
  let type: { dtype: DType; bigEndian: boolean } | undefined;
  let fortranOrder: boolean | undefined;
  let shape: number[] | undefined;
  scanner.expect("{");
  while (!scanner.accept("}")) {
    const key = scanner.string();
    scanner.expect(":");
    if (key === "descr" && type === undefined) type = parseType(scanner);
    else if (key === "fortran_order" && fortranOrder === undefined) {
      fortranOrder = scanner.boolean();
    } else if (key === "shape" && shape === undefined) shape = parseShape(scanner);
    else throw scanner.error();
    if (!scanner.accept(",")) {
      scanner.expect("}");
      break;
    }
  }
  scanner.end();
  if (type === undefined || fortranOrder === undefined || shape === undefined) {
    throw new FlwrError(
      "invalid-argument",
      `Array header must have the keys descr, fortran_order and shape: ${quote(text)}`,
    );
  }
  checkSize(type.dtype, shape);
  return { ...type, fortranOrder, shape };
}

/**
 * Parses a type in any of numpy's spellings: "<f4", "=f4", "f4", "<f", "float32". Without a byte order, or with "=" or
 * "|", elements are read as little endian; numpy would use the order of its machine.
 */
function parseType(scanner: Scanner): { dtype: DType; bigEndian: boolean } {
  if (scanner.peek("[")) throw refusedType("a list of fields", RECORDS);
  const name = scanner.string();
  // With the flag s, a dot stands for line ends, too: the name comes from somebody else.
  const [, order, code] = /^([<>=|]?)(.*)$/s.exec(name)!;
  const dtype = DTYPES.find((known) => NUMPY_NAMES[known] === code || known === code) ??
    (Object.hasOwn(LETTERS, code!) ? LETTERS[code!] : undefined);
  if (dtype !== undefined) return { dtype, bigEndian: order === ">" && itemSize(dtype) > 1 };
  const refused = REFUSED_KINDS.find(([start]) => start.test(code!));
  throw refusedType(quote(name), refused?.[1] ?? "an unknown type");
}

function parseShape(scanner: Scanner): number[] {
  const shape: number[] = [];
  scanner.expect("(");
  while (!scanner.accept(")")) {
    shape.push(scanner.integer());
    if (shape.length > MAX_RANK) {
      throw new FlwrError("invalid-argument", `Array has more than ${MAX_RANK} axes`);
    }
    if (scanner.accept(",")) continue;
    // Python reads "(3)" as a number, not as a shape.
    if (shape.length === 1) throw scanner.error();
    scanner.expect(")");
    break;
  }
  return shape;
}

/** Refuses a shape whose size overflows, even if an empty axis makes it 0. */
function checkSize(dtype: DType, shape: readonly number[]): void {
  const bytes = shape.reduce((product, axis) => product * Math.max(axis, 1), itemSize(dtype));
  if (bytes > MAX_ARRAY_BYTES) {
    throw new FlwrError(
      "invalid-argument",
      `Array of shape [${shape}] and type ${dtype} is larger than ${MAX_ARRAY_BYTES} bytes`,
    );
  }
}

function refusedType(name: string, meaning: string): FlwrError {
  return new FlwrError("invalid-argument", `Array type ${name} (${meaning}) is not supported`, {
    hints: [
      ...(/float|long double/.test(meaning) ? ['Save it as float32: array.astype("float32")'] : []),
      `Types that are: ${DTYPES.join(", ")}`,
    ],
  });
}

function quote(text: string): string {
  const whole = text.length <= QUOTED_CHARACTERS;
  return JSON.stringify(whole ? text : `${text.slice(0, QUOTED_CHARACTERS)}…`);
}

/** Reads a header's tokens one after the other, ignoring spaces between them. */
class Scanner {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  peek(symbol: string): boolean {
    this.#match(/ */y);
    return this.#text.startsWith(symbol, this.#at);
  }

  accept(symbol: string): boolean {
    if (!this.peek(symbol)) return false;
    this.#at += symbol.length;
    return true;
  }

  expect(symbol: string): void {
    if (!this.accept(symbol)) throw this.error();
  }

  string(): string {
    const token = this.#match(/ *(?:'[^'"\\\n]*'|"[^'"\\\n]*")/y);
    return token.trimStart().slice(1, -1);
  }

  boolean(): boolean {
    return this.#match(/ *(?:True|False)\b/y).trimStart() === "True";
  }

  integer(): number {
    // Python 2 wrote some numbers with an L.
    return Number.parseInt(this.#match(/ *(?:0|[1-9]\d{0,14})L?(?![\w.])/y), 10);
  }

  /** Checks that only the padding and the newline are left. */
  end(): void {
    this.#match(/ *\n?$/y);
  }

  error(): FlwrError {
    return new FlwrError(
      "invalid-argument",
      `Array header is malformed at character ${this.#at}: ${quote(this.#text)}`,
    );
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text);
    if (found === null) throw this.error();
    this.#at = pattern.lastIndex;
    return found[0];
  }
}
