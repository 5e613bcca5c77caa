/** All rows of the theory lab, in the order of the paper. */
import type { TheoryRow } from "./instance.ts";
import { tightnessPair } from "./tightness-pair.ts";

export const theoryRows: readonly TheoryRow[] = [tightnessPair];
