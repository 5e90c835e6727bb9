/** The file in which an app says what it is; in a bundle always under this name, at its top. */
export const MANIFEST = "pyproject.toml";

/** The same tables in a file of their own, for apps that have nothing to do with Python. */
export const OWN_MANIFEST = "flwr.toml";
