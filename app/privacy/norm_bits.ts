import { MetricRecord } from "../metric_record.ts";
import type { RecordDict } from "../record_dict.ts";
import { NORM_BIT } from "./clipping_mods.ts";

/**
 * Reads from the metric `norm_bit` whether a node clipped its update. Nodes of Flower up to 1.22 send a boolean.
 * Metrics cannot be booleans, so it arrives among the reply's settings.
 *
 * @returns true or false, or the reason why the metric cannot be used: any other number would let one node change the
 *   count by more than 1
 */
export function normBitOf(
  metrics: MetricRecord,
  content: RecordDict,
): boolean | { readonly reason: string } {
  const value = metrics.get(NORM_BIT);
  if (value === undefined) {
    for (const config of content.configRecords.values()) {
      const old = config.get(NORM_BIT);
      if (typeof old === "boolean") return old;
    }
  }
  if (value === undefined) {
    return { reason: `Metric "${NORM_BIT}" is missing: the node needs adaptiveClippingMod` };
  }
  const bit = Array.isArray(value) ? NaN : Number(value);
  if (bit === 0 || bit === 1) return bit === 1;
  return { reason: `Metric "${NORM_BIT}" is ${String(value).slice(0, 40)}, expected 0 or 1` };
}

/** The metrics without the bit. Its mean over the nodes would reveal the count without noise. */
export function withoutNormBit(metrics: MetricRecord): MetricRecord {
  const rest = new MetricRecord();
  for (const [name, typed] of metrics.typedEntries()) {
    if (name !== NORM_BIT) rest.setTyped(name, typed);
  }
  return rest;
}
