import { FlwrError } from "../../../base/error.ts";

/**
 * The address of the SuperLink that commands start on this machine, unless it is already running. Its nodes are
 * simulated.
 */
export const LOCAL = ":local:";

/** The same, without a database: its runs are forgotten when it ends. */
export const LOCAL_IN_MEMORY = ":local-in-memory:";

/**
 * The port of these two. It differs from Flower's, 39091, because otherwise Python's `flwr` would take this SuperLink
 * for its own, and this program would take Python's for its own.
 */
const LOCAL_PORT = 39191;

/** Name of Flower's environment variable for the port. */
export const LOCAL_PORT_VARIABLE = "FLWR_LOCAL_SUPERLINK_HTTP_API_PORT";

/** "host:port" of the local SuperLink. @throws FlwrError "invalid-argument" that names the variable */
export function localSuperLink(): string {
  const text = Deno.env.get(LOCAL_PORT_VARIABLE);
  if (!text) return `127.0.0.1:${LOCAL_PORT}`;
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65535) return `127.0.0.1:${port}`;
  throw new FlwrError("invalid-argument", `${LOCAL_PORT_VARIABLE} is not a port: "${text}"`, {
    hints: ["Set it to a number from 1 to 65535"],
  });
}

/** The content of a new config.toml, with the same connections as Flower's own command creates. */
export const DEFAULT_CONFIG =
  `# SuperLinks that the flwr command knows by name; Python's flwr reads this file, too.
#
# [superlink.mine]
# address = "superlink.example.org:8000"
# root-certificates = "/absolute/path/of/ca.crt"   # or: insecure = true
# federation = "@account/federation"

[superlink]
default = "local"

[superlink.supergrid]
address = "api.flower.ai"

[superlink.local]
address = ":local:"
`;
