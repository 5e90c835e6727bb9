import { HttpLine, type HttpLineOptions } from "./http_line.ts";

/** A few lines that many simulated nodes share; a call waits until one is free. */
export class LinePool implements Disposable {
  readonly #free: HttpLine[];
  readonly #all: readonly HttpLine[];
  readonly #waiting: ((line: HttpLine) => void)[] = [];

  private constructor(lines: readonly HttpLine[]) {
    this.#all = lines;
    this.#free = [...lines];
  }

  static async open(size: number, options: HttpLineOptions): Promise<LinePool> {
    return new LinePool(
      await Promise.all(Array.from({ length: size }, () => HttpLine.open(options))),
    );
  }

  async use<T>(act: (line: HttpLine) => Promise<T>): Promise<T> {
    const line = this.#free.pop() ??
      await new Promise<HttpLine>((resolve) => this.#waiting.push(resolve));
    try {
      return await act(line);
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) this.#free.push(line);
      else next(line);
    }
  }

  [Symbol.dispose](): void {
    for (const line of this.#all) line[Symbol.dispose]();
  }
}
