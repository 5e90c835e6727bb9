/** The YAML package, apart so that it is loaded only where a file with credentials exists. */
export { parse, stringify } from "yaml";
