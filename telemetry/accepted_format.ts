import type { ExpositionFormat } from "./exposition.ts";

/** Characters of an Accept header that are read. Prometheus sends some 200. */
const MAX_ACCEPT_LENGTH = 2000;

/** Versions of OpenMetrics that the format of version 1.0.0 satisfies. */
const VERSIONS = new Set([undefined, "0.0.1", "1.0.0"]);

/** The format that an Accept header asks for: OpenMetrics only if it is named, and not preferred less than plain text. */
export function acceptedFormat(accept: string | null): ExpositionFormat {
  let [openMetrics, plain] = [0, 0];
  for (const range of (accept ?? "").slice(0, MAX_ACCEPT_LENGTH).split(",")) {
    const [type, ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    const values = new Map(parameters.map((parameter) => {
      const [name = "", value = ""] = parameter.split("=");
      return [name.trim(), value.trim().replace(/^"(.*)"$/, "$1")] as const;
    }));
    const quality = qualityOf(values.get("q"));
    if (type === "text/plain") plain = Math.max(plain, quality);
    if (type === "application/openmetrics-text" && VERSIONS.has(values.get("version"))) {
      openMetrics = Math.max(openMetrics, quality);
    }
  }
  return openMetrics > 0 && openMetrics >= plain ? "openmetrics" : "prometheus";
}

function qualityOf(text: string | undefined): number {
  if (text === undefined) return 1;
  const quality = /^[01](\.\d{0,3})?$/.test(text) ? Number(text) : 0;
  return Math.min(1, quality);
}
