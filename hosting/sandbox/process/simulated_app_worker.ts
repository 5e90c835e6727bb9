/** The thread of a sandbox in which a ClientApp runs for simulated nodes: as for a real node, but seeded. */
import "./seeded_math.ts";
import "./app_worker.ts";
