/** A span of another process, as W3C Trace Context names it. */
export interface RemoteSpan {
  /** 32 hexadecimal digits, not all 0. */
  readonly traceId: string;
  /** 16 hexadecimal digits, not all 0. */
  readonly spanId: string;
  /** Whether its spans are recorded. */
  readonly isSampled: boolean;
}

/** Version 00 of the header, which alone has exactly these four fields. */
const VERSION_00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/** Reads a `traceparent` header (https://www.w3.org/TR/trace-context/). Undefined if there is none, or it is not valid. */
export function readTraceparent(header: string | undefined): RemoteSpan | undefined {
  // A longer one need not be looked at.
  if (header === undefined || header.length !== 55) return undefined;
  const [, traceId, spanId, flags] = VERSION_00.exec(header) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (parseInt(flags, 16) & 1) === 1 };
}
