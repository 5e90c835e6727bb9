/**
 * The file descriptor on which an app's process says something to the node. Not one of the standard three: what an app
 * prints goes there.
 */
export const FRAMES_FD = 3;
