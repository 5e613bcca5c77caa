/** Draws that are copies of one another: a server that heeds a seed sent with every request answers all repeats alike. */

/** What is known of the draws of one problem: how many, and the fingerprint of their text where all have the same one. */
export interface DrawnTexts {
  readonly draws: number;
  readonly sameText?: number;
}

/** In how many of the problems with several draws all draws are the same text. */
export interface CopiedDraws {
  readonly copied: number;
  readonly problems: number;
}

/** Problems below which equal draws may be chance. */
const fewestProblems = 5;

/** Share of problems from which on draws are no longer taken for independent: some servers are not exactly repeatable. */
const copiedShare = 0.9;

/**
 * Undefined unless the draws are copies in nearly all of at least five problems, and the texts of at least half of these differ
 * from each other: letters of a multiple choice are alike by chance.
 */
export function copiedDraws(problems: Iterable<DrawnTexts>): CopiedDraws | undefined {
  let several = 0;
  let copied = 0;
  const texts = new Set<number>();
  for (const { draws, sameText } of problems) {
    if (draws < 2) continue;
    several += 1;
    if (sameText === undefined) continue;
    copied += 1;
    texts.add(sameText);
  }
  const isShown = several >= fewestProblems && copied >= copiedShare * several && texts.size >= copied / 2;
  return isShown ? { copied, problems: several } : undefined;
}

/** The text of draws that are offered one after the other: its fingerprint while all have the same one. */
export class SameText {
  #text: number | "differs" | undefined;

  /** Without a fingerprint the text is unknown, and the draws are not taken for the same. */
  add(fingerprint: number | undefined): void {
    if (this.#text === undefined && fingerprint !== undefined) this.#text = fingerprint;
    else if (this.#text !== fingerprint || fingerprint === undefined) this.#text = "differs";
  }

  get fingerprint(): number | undefined {
    return this.#text === "differs" ? undefined : this.#text;
  }
}
