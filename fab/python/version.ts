/** A parsed Python version (PEP 440). */
export interface PythonVersion {
  readonly epoch: number;
  readonly release: readonly number[];
  /** Kind and number: ["rc", 1]. */
  readonly pre?: readonly [kind: "a" | "b" | "rc", number: number];
  readonly post?: number;
  readonly dev?: number;
  /** Parts after "+". */
  readonly local?: readonly (string | number)[];
}

/** Syntax of versions (PEP 440, appendix B), including spellings that are normalised. */
const VERSION = new RegExp(
  "^v?(?:(?<epoch>\\d+)!)?(?<release>\\d+(?:\\.\\d+)*)" +
    "(?:[-_.]?(?<pre>alpha|a|beta|b|preview|pre|c|rc)[-_.]?(?<preNumber>\\d*))?" +
    "(?<post>-(?<postImplicit>\\d+)|[-_.]?(?:post|rev|r)[-_.]?(?<postNumber>\\d*))?" +
    "(?<dev>[-_.]?dev[-_.]?(?<devNumber>\\d*))?" +
    "(?:\\+(?<local>[a-z0-9]+(?:[-_.][a-z0-9]+)*))?$",
  "i",
);

const PRE_KINDS: Readonly<Record<string, "a" | "b" | "rc">> = {
  a: "a",
  alpha: "a",
  b: "b",
  beta: "b",
  c: "rc",
  rc: "rc",
  pre: "rc",
  preview: "rc",
};

/** Parses a version such as `1.41.0rc1`; undefined if malformed. */
export function parsePythonVersion(text: string): PythonVersion | undefined {
  const parts = VERSION.exec(text.trim())?.groups;
  if (parts === undefined) return undefined;
  const number = (digits: string | undefined) => Number(digits || 0);
  return {
    epoch: number(parts.epoch),
    release: parts.release!.split(".").map(Number),
    pre: parts.pre === undefined
      ? undefined
      : [PRE_KINDS[parts.pre.toLowerCase()]!, number(parts.preNumber)],
    post: parts.post === undefined ? undefined : number(parts.postImplicit ?? parts.postNumber),
    dev: parts.dev === undefined ? undefined : number(parts.devNumber),
    local: parts.local?.toLowerCase().split(/[-_.]/).map((part) =>
      /^\d+$/.test(part) ? Number(part) : part
    ),
  };
}

/** Whether a version is a pre-release: alpha, beta, release candidate, or development. */
export function isPrerelease({ pre, dev }: PythonVersion): boolean {
  return pre !== undefined || dev !== undefined;
}

/** Compares versions by PEP 440: 1.dev0 < 1a1 < 1rc1 < 1 < 1.post1; 1 < 1+local. @returns negative, 0 or positive */
export function comparePythonVersions(a: PythonVersion, b: PythonVersion): number {
  return a.epoch - b.epoch ||
    compareNumbers(a.release, b.release) ||
    compareNumbers(stage(a), stage(b)) ||
    compareLocal(a.local, b.local);
}

/** Position of a version within its release, as numbers to compare in order. */
function stage({ pre, post, dev }: PythonVersion): number[] {
  const kind = pre === undefined
    ? (post === undefined && dev !== undefined ? -1 : 3)
    : ["a", "b", "rc"].indexOf(pre[0]);
  return [kind, pre?.[1] ?? 0, post ?? -1, dev ?? Infinity];
}

/** Compares lists by the first difference. A missing number is 0. */
function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i] ?? 0, b[i] ?? 0];
    if (x !== y) return x < y ? -1 : 1;
  }
  return 0;
}

/** Compares local versions: numbers are above words, more parts above fewer, any part above none. */
function compareLocal(a: PythonVersion["local"] = [], b: PythonVersion["local"] = []): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const [x, y] = [a[i], b[i]];
    if (x === y) continue;
    if (x === undefined) return -1;
    if (y === undefined) return 1;
    if (typeof x !== typeof y) return typeof x === "number" ? 1 : -1;
    return x < y ? -1 : 1;
  }
  return 0;
}
