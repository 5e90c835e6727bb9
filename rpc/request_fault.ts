/** An error that the request caused. Its caller sees it, and it is not logged as a failure of the server. */
export abstract class RequestFault extends Error {}
