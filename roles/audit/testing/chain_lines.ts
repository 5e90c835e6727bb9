import { ownRecord } from "../own_records.ts";
import { type AuditRecord, type ChainEnd, chainRecord, EMPTY_CHAIN } from "../record.ts";

/** The lines of a chain with these records, without line ends. */
export function chainLines(
  records: readonly AuditRecord[],
  from: ChainEnd = EMPTY_CHAIN,
): string[] {
  let end = from;
  return records.map((record) => {
    const { line, sequence, hash } = chainRecord(record, end);
    end = { sequence, hash };
    return line;
  });
}

/** The lines of a chain of `count` records, without line ends. */
export function someLines(count: number, from?: ChainEnd): string[] {
  return chainLines(Array.from({ length: count }, (_, i) => ownRecord("started", i)), from);
}
