import type { Metadata } from "@grpc/grpc-js";
import type { Entry } from "./shared_path.ts";

/** grpc-js hands interceptors and handler the same metadata object, and nothing else that is common to both. */
const entries = new WeakMap<Metadata, Entry>();

/** Notes what let a call in. @param metadata the call's request metadata */
export function noteEntry(metadata: Metadata, entry: Entry): void {
  entries.set(metadata, entry);
}

/** What let a call in; undefined where nobody was asked. @param metadata the call's request metadata */
export function entryOf(metadata: Metadata): Entry | undefined {
  return entries.get(metadata);
}
