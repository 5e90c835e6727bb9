/** Heartbeat interval in seconds that a SuperNode announces to its SuperLink (Flower 1.9 to 1.41). */
export const HEARTBEAT_INTERVAL_SECONDS = 30;

/** Most seconds that a stopping node spends on its last calls to the SuperLink. */
export const STOP_SECONDS = 3;
