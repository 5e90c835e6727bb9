import type { Metric, Sample } from "./metric.ts";

/** A text format of metrics: OpenMetrics 1.0, or the older one of Prometheus 0.0.4. */
export type ExpositionFormat = "openmetrics" | "prometheus";

/** The media type of each format. */
export const CONTENT_TYPES: Readonly<Record<ExpositionFormat, string>> = {
  openmetrics: "application/openmetrics-text; version=1.0.0; charset=utf-8",
  prometheus: "text/plain; version=0.0.4; charset=utf-8",
};

/** Units that end a family's name, which OpenMetrics names apart. */
const UNITS = ["seconds", "bytes"];

/**
 * Writes metrics as text.
 *
 * @param metrics families with different names
 */
export function writeExposition(metrics: Iterable<Metric>, format: ExpositionFormat): string {
  let text = "";
  for (const metric of metrics) text += writeFamily(metric, format);
  return format === "openmetrics" ? `${text}# EOF\n` : text;
}

function writeFamily(metric: Metric, format: ExpositionFormat): string {
  const { type, info: { name, help, labels = [] } } = metric;
  // In the older format, a counter's family has the name of its series.
  const family = format === "prometheus" && type === "counter" ? `${name}_total` : name;
  let text = `# TYPE ${family} ${type}\n`;
  const unit = UNITS.find((unit) => name.endsWith(`_${unit}`));
  if (format === "openmetrics" && unit !== undefined) text += `# UNIT ${family} ${unit}\n`;
  text += `# HELP ${family} ${escapeHelp(help)}\n`;
  for (const sample of metric.samples()) text += writeSample(name, labels, sample);
  return text;
}

function writeSample(name: string, names: readonly string[], sample: Sample): string {
  const pairs = names.map((label, at) => `${label}="${escapeLabel(sample.labels[at] ?? "")}"`);
  if (sample.le !== undefined) pairs.push(`le="${writeBound(sample.le)}"`);
  const labels = pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
  return `${name}${sample.suffix}${labels} ${writeNumber(sample.value)}\n`;
}

/** A number as both formats write it. */
function writeNumber(value: number): string {
  if (value === Infinity) return "+Inf";
  return value === -Infinity ? "-Inf" : String(value);
}

/** A bucket's bound in OpenMetrics' canonical form, which always has a decimal point. */
function writeBound(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : writeNumber(value);
}

function escapeHelp(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}

/** A label's value. Control characters are replaced: some readers split lines at more of them than the format does. */
function escapeLabel(text: string): string {
  return text.toWellFormed()
    // deno-lint-ignore no-control-regex -- these are the characters to replace
    .replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029]/g, "\ufffd")
    .replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
