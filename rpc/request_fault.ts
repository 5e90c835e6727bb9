/** A request at fault, of which its caller is told: nothing that went wrong here. */
export abstract class RequestFault extends Error {}
