import { MultiKrum, type MultiKrumOptions } from "./multikrum.ts";

/** Krum (Blanchard et al., 2017, arXiv:1703.02757): the one model that lies closest to others. */
export class Krum extends MultiKrum {
  /**
   * The strategy with these options.
   *
   * @throws FlwrError "invalid-argument" when an option is out of range
   */
  constructor(options: Omit<MultiKrumOptions, "numNodesToSelect"> = {}) {
    super({ ...options, numNodesToSelect: 1 });
  }
}
