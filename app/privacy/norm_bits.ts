import { MetricRecord } from "../metric_record.ts";
import type { RecordDict } from "../record_dict.ts";
import { NORM_BIT } from "./clipping_mods.ts";

/**
 * Whether a node clipped its update, by its metric `norm_bit`. Nodes of Flower up to 1.22 send a boolean, which is no
 * metric, and arrives among the settings of the reply.
 *
 * @returns true or false, or the reason why the metric cannot be used: any other number would move the count by more
 * than one node may
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

/** The metrics without the bit, whose mean over the nodes would tell the count without noise. */
export function withoutNormBit(metrics: MetricRecord): MetricRecord {
  const rest = new MetricRecord();
  for (const [name, typed] of metrics.typedEntries()) {
    if (name !== NORM_BIT) rest.setTyped(name, typed);
  }
  return rest;
}
