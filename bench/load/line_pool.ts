import { HttpLine, type HttpLineOptions } from "./http_line.ts";

/** A few lines that many simulated nodes share; a call waits until one is free. */
export class LinePool implements Disposable {
  readonly #free: HttpLine[];
  readonly #all: readonly HttpLine[];
  readonly #waiting: ((line: HttpLine) => void)[] = [];

  constructor(size: number, options: HttpLineOptions) {
    this.#all = Array.from({ length: size }, () => new HttpLine(options));
    this.#free = [...this.#all];
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
