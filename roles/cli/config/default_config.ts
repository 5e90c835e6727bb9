/** Special addresses for which Flower's own command starts a SuperLink with simulated nodes. */
export const LOCAL_ADDRESSES: readonly string[] = [":local:", ":local-in-memory:"];

/**
 * The address that is used for them: that of `flwr superlink --insecure`, because nodes are not simulated here.
 */
export const LOCAL_SUPERLINK = "127.0.0.1:8000";

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
