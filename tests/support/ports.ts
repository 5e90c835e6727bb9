/**
 * Ports of the loopback interface that nothing listens on now, all different. For programs that cannot listen on
 * port 0 and say which port they got; another program may take one in between, so start yours soon.
 */
export function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  try {
    return listeners.map((listener) => listener.addr.port);
  } finally {
    for (const listener of listeners) listener.close();
  }
}
