/** A series that {@link readOpenMetrics} read: its name, its labels and its value. */
export interface ReadSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A family that {@link readOpenMetrics} read. */
export interface ReadFamily {
  readonly type: string;
  readonly help: string;
  readonly unit: string;
  readonly samples: ReadSample[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;

/** Endings of the samples of each type. */
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ["_total"],
  gauge: [""],
  histogram: ["_bucket", "_sum", "_count"],
};

/**
 * Reads a text of OpenMetrics 1.0, for tests. It is strict: families in one piece with TYPE, UNIT and HELP in this order,
 * names that fit the unit and the type, no two equal series, full histograms that do not fall, and "# EOF" at the end.
 *
 * @throws Error naming the line
 */
export function readOpenMetrics(text: string): Map<string, ReadFamily> {
  if (!text.endsWith("# EOF\n")) throw new Error("The text does not end in # EOF");
  const families = new Map<string, ReadFamily>();
  const seen = new Set<string>();
  let [current, last] = ["", ""];
  for (const line of text.slice(0, -"# EOF\n".length).split("\n").slice(0, -1)) {
    const bad = (why: string) => new Error(`${why}: ${line}`);
    const [, kind, name = "", rest = ""] = /^# (TYPE|UNIT|HELP) (\S+) (.*)$/.exec(line) ?? [];
    if (kind === "TYPE") {
      if (!NAME.test(name) || families.has(name)) throw bad("Bad or repeated family");
      if (!(rest in SUFFIXES)) throw bad("Unknown type");
      families.set(name, { type: rest, help: "", unit: "", samples: [] });
      current = name;
    } else if (kind !== undefined) {
      const family = families.get(name);
      if (name !== current || family === undefined || family.samples.length > 0) {
        throw bad("Not in its family");
      }
      if (kind === "UNIT" && !name.endsWith(`_${rest}`)) throw bad("The name lacks the unit");
      if (kind === "UNIT" && last !== "TYPE") throw bad("Out of order");
      families.set(name, { ...family, ...(kind === "UNIT" ? { unit: rest } : { help: rest }) });
    } else {
      const sample = readSample(line);
      const family = families.get(current);
      const suffix = sample.name.slice(current.length);
      if (!sample.name.startsWith(current) || !SUFFIXES[family?.type ?? ""]?.includes(suffix)) {
        throw bad("Not in its family");
      }
      const key = `${sample.name} ${JSON.stringify(Object.entries(sample.labels).sort())}`;
      if (seen.has(key)) throw bad("Repeated series");
      seen.add(key);
      if (family!.type === "counter" && !(sample.value >= 0)) throw bad("Negative counter");
      family!.samples.push(sample);
    }
    last = kind ?? "";
  }
  for (const [name, family] of families) checkFamily(name, family);
  return families;
}

function readSample(line: string): ReadSample {
  const bad = new Error(`Not a sample: ${line}`);
  const [, name = "", body, number = ""] =
    /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/s.exec(line) ?? [];
  if (name === "") throw bad;
  const labels: Record<string, string> = {};
  let at = 0;
  const pattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\n"])*)"(,|$)/y;
  while (body !== undefined && at < body.length) {
    pattern.lastIndex = at;
    const match = pattern.exec(body);
    if (match === null || match[1]! in labels) throw bad;
    if (match[3] === "," && pattern.lastIndex === body.length) throw bad;
    labels[match[1]!] = match[2]!.replace(/\\(.)/g, (_, c) => c === "n" ? "\n" : c);
    at = pattern.lastIndex;
  }
  const value = number === "+Inf" ? Infinity : number === "-Inf" ? -Infinity : Number(number);
  if (!/^([+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?|[+-]Inf|NaN)$/i.test(number)) throw bad;
  return { name, labels, value };
}

function checkFamily(name: string, { type, help, samples }: ReadFamily): void {
  if (help === "") throw new Error(`${name} has no HELP`);
  if (type !== "histogram") return;
  const buckets = new Map<string, ReadSample[]>();
  const counts = new Map<string, number>();
  for (const sample of samples) {
    const { le, ...labels } = sample.labels;
    const key = JSON.stringify(labels);
    if (le !== undefined) buckets.set(key, [...buckets.get(key) ?? [], sample]);
    if (sample.name === `${name}_count`) counts.set(key, sample.value);
  }
  for (const [key, series] of buckets) {
    const bounds = series.map(({ labels: { le } }) => le === "+Inf" ? Infinity : Number(le));
    const values = series.map(({ value }) => value);
    const rises = (numbers: number[], strictly: boolean) =>
      numbers.every((n, i) => i === 0 || (strictly ? n > numbers[i - 1]! : n >= numbers[i - 1]!));
    if (series.length > 12) throw new Error(`${name}${key} has ${series.length} buckets`);
    if (!rises(bounds, true) || bounds.at(-1) !== Infinity || !rises(values, false)) {
      throw new Error(`${name}${key} has wrong buckets`);
    }
    if (counts.get(key) !== values.at(-1)) throw new Error(`${name}${key} has a wrong count`);
  }
}
