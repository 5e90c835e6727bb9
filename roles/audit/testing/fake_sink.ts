import type { AuditSink } from "../audit_sink.ts";

/** A sink in memory that fails, or hangs, while a test wants it to. */
export class FakeSink implements AuditSink {
  text = "";
  /** Number of system calls. */
  writes = 0;
  syncs = 0;
  isClosed = false;
  fails = false;
  /** Most bytes that one call writes. */
  most = Infinity;
  #held: PromiseWithResolvers<void> | undefined;

  /** Whole lines that were written. */
  get lines(): string[] {
    return this.text.split("\n").slice(0, -1);
  }

  /** Lets writes wait until the returned function is called. */
  hold(): () => void {
    this.#held = Promise.withResolvers();
    return () => this.#held?.resolve();
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#held?.promise;
    if (this.fails) throw new Error("No space left on device (os error 28)");
    this.writes++;
    const written = bytes.subarray(0, this.most);
    this.text += new TextDecoder().decode(written);
    return written.length;
  }

  prepare(): Promise<void> {
    return Promise.resolve();
  }

  sync(): Promise<void> {
    this.syncs++;
    return Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
  }
}
