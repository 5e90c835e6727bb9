/** The default address of a SuperLink's Driver API for `flwr run module:name`. */
export const DEFAULT_ADDRESS = "127.0.0.1:9091";
