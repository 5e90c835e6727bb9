import type { OpenJob } from "./open_job.ts";

/** The jobs that wait for a worker, in the order in which they are handed out. */
export class JobQueue {
  #jobs: OpenJob[] = [];

  /** Number of jobs. */
  get size(): number {
    return this.#jobs.length;
  }

  /** Adds a job behind the others. */
  push(job: OpenJob): void {
    this.#jobs.push(job);
  }

  /** Puts jobs back that were handed out, before the others. */
  putBack(jobs: readonly OpenJob[]): void {
    this.#jobs.unshift(...jobs.toSorted((a, b) => a.job.jobId - b.job.jobId));
  }

  /** Takes the first job out that a worker may get: not one that it could not do. */
  takeFor(workerId: string): OpenJob | undefined {
    const at = this.#jobs.findIndex(({ brokenBy }) => !brokenBy.has(workerId));
    if (at === 0) return this.#jobs.shift();
    return at < 0 ? undefined : this.#jobs.splice(at, 1)[0];
  }

  /** Whether there is a job that a worker may get. */
  hasFor(workerId: string): boolean {
    return this.#jobs.some(({ brokenBy }) => !brokenBy.has(workerId));
  }

  /** The jobs that at least one worker could not do. */
  broken(): OpenJob[] {
    return this.#jobs.filter(({ brokenBy }) => brokenBy.size > 0);
  }

  /** Removes a job. */
  remove(job: OpenJob): void {
    const at = this.#jobs.indexOf(job);
    if (at >= 0) this.#jobs.splice(at, 1);
  }
}
