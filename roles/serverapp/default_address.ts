/** Where `flwr run module:name` looks for a SuperLink's Driver API. */
export const DEFAULT_ADDRESS = "127.0.0.1:9091";
