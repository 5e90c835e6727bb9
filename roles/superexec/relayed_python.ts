import { startHttpServer } from "../../rpc/http/server.ts";
import type { RunProgram } from "../../hosting/launch/program.ts";
import { pythonProgram, type PythonProgramOptions } from "../../hosting/launch/python_program.ts";

/** Seconds in which open calls may end after their program has ended. */
const CLOSE_SECONDS = 1;

/**
 * Creates the program for Python ServerApps. This process has begun their task, to find out their language, and the
 * SuperLink would refuse Flower's program to begin it again. So Flower's program calls the SuperLink through a relay here.
 */
export function relayedPython(
  options: Pick<PythonProgramOptions, "python" | "installDependencies">,
): RunProgram {
  return async (run, app, signal) => {
    const server = await startHttpServer({
      address: "127.0.0.1:0",
      services: [{ prefix: "/v1/runtime", binding: run.runtime }],
    });
    try {
      const program = pythonProgram({
        role: "SuperExec",
        ...options,
        runtimeAddress: server.address,
      });
      return await program(run, app, signal);
    } finally {
      await server.close(CLOSE_SECONDS);
    }
  };
}
