import { pause } from "./pause.ts";

/** An answer by which a server says that it failed, where another try may go well. */
export class ServerFailure extends Error {
  override readonly name = "ServerFailure";
}

/** After how many tries a call is given up. */
const MAX_TRIES = 100;

/**
 * Makes calls again that the server failed at, and counts how often it did. (Flower's SuperLink answers with status 500
 * when its database is busy.)
 */
export class Persistence {
  #failures = 0;

  /** How often a call failed until now. */
  get failures(): number {
    return this.#failures;
  }

  /** @param call makes one try */
  async call<T>(call: () => Promise<T>): Promise<T> {
    for (let tries = 1;; tries++) {
      try {
        return await call();
      } catch (error) {
        if (!(error instanceof ServerFailure) || tries === MAX_TRIES) throw error;
        this.#failures += 1;
      }
      await pause();
    }
  }
}
