import { startHttpServer } from "../../rpc/http/server.ts";
import type { RunProgram } from "../../hosting/launch/program.ts";
import { pythonProgram, type PythonProgramOptions } from "../../hosting/launch/python_program.ts";

/** Seconds that open calls of a program may take once it has ended, and the health service's. */
const CLOSE_SECONDS = 1;

/**
 * Runs Python ServerApps whose task this process has begun, to know their language: Flower's program would be refused
 * to begin it again, so it calls the SuperLink through here.
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
