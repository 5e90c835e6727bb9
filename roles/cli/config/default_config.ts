/** The address by which Flower's own command starts a SuperLink that simulates its nodes, and its variant. */
export const LOCAL_ADDRESSES: readonly string[] = [":local:", ":local-in-memory:"];

/**
 * Where the SuperLink of those addresses is looked for: where `flwr superlink --insecure` listens, since nodes are not
 * simulated here.
 */
export const LOCAL_SUPERLINK = "127.0.0.1:8000";

/** What config.toml holds when none is there yet: Flower's own command makes the same connections. */
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
