/** A queue with Poisson arrivals, exponential service times and several servers (M/M/k). */
export interface Queue {
  /** Arrivals per second. */
  readonly arrivals: number;
  /** Mean time of a service, in seconds. */
  readonly service: number;
  readonly servers: number;
}

/** Share of the servers' time that is used. From 1 on, the queue grows without end. */
export function utilisation({ arrivals, service, servers }: Queue): number {
  return arrivals * service / servers;
}

/**
 * Probability that an arrival has to wait: Erlang's C formula, by the recurrence of Erlang's B formula
 * (L. Kleinrock, Queueing Systems, volume 1, 1975, section 3.5).
 */
export function waitProbability(queue: Queue): number {
  const load = queue.arrivals * queue.service;
  const used = utilisation(queue);
  if (used >= 1) return 1;
  let blocked = 1;
  for (let server = 1; server <= queue.servers; server++) {
    blocked = load * blocked / (server + load * blocked);
  }
  return blocked / (1 - used * (1 - blocked));
}

/** Mean time of waiting before the service, in seconds. */
export function meanWait(queue: Queue): number {
  const used = utilisation(queue);
  return used >= 1
    ? Infinity
    : waitProbability(queue) * queue.service / (queue.servers * (1 - used));
}

/** The waiting time that a share of arrivals does not exceed, in seconds. @param share from 0 to 1, such as 0.99 */
export function waitQuantile(queue: Queue, share: number): number {
  const waits = waitProbability(queue);
  if (utilisation(queue) >= 1) return Infinity;
  const drain = queue.servers / queue.service - queue.arrivals;
  return waits <= 1 - share ? 0 : Math.log(waits / (1 - share)) / drain;
}
