/** Where the lines of an audit log go. Its methods are called one after another. */
export interface AuditSink {
  /**
   * Writes some of the bytes, as a system call does.
   *
   * @returns the number of bytes written, at least 1
   */
  write(bytes: Uint8Array): Promise<number>;
  /** Called before whole lines are written. May go on in a new file. @param bytes size of the lines */
  prepare(bytes: number): Promise<void>;
  /** Waits until the written lines would survive a power failure. */
  sync(): Promise<void>;
  close(): void;
}

/** Standard output, for containers whose output is collected. */
export const STDOUT_SINK: AuditSink = {
  write: (bytes) => Deno.stdout.write(bytes),
  prepare: () => Promise.resolve(),
  sync: () => Promise.resolve(),
  close() {},
};
