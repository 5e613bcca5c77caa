/** Problem by problem: what every model drew, what is known of its success rate, and responses to read. */
/** One response to read, with what is known of it. */
export interface ShownResponse {
  /** Position in `models`. */
  readonly model: number;
  readonly draw: number;
  readonly verdict: "correct" | "incorrect" | "unscored";
  /** Why it is unscored. */
  readonly reason?: string;
  readonly text: string;
  /** Characters that the text has beyond those shown. */
  readonly cut?: number;
  readonly reward?: number;
  readonly answer?: string;
  /** Natural logarithm of the response's probability under the model that drew it. */
  readonly logProbability?: number;
  /** The same, a token at a time, in nats. */
  readonly tokenLogProbabilities?: readonly number[];
  /** The tokens' lengths in `text`, in UTF-16 units, where their texts are known and spell it. */
  readonly tokenLengths?: readonly number[];
  readonly finishReason?: string;
}

/** Responses to one problem: some correct and some incorrect ones where there are any. */
export interface ShownProblem {
  /** Position in `problems`. */
  readonly problem: number;
  readonly prompt?: string;
  readonly promptCut?: number;
  /** The reference answer. */
  readonly target?: string;
  readonly responses: readonly ShownResponse[];
}

/** Responses to a problem as a server reads them when asked: of `total`, those from `from` on. */
export interface ServedResponses extends Omit<ShownProblem, "problem"> {
  /** Labels; `model` of a response is a position in these. */
  readonly models: readonly string[];
  readonly from: number;
  readonly total: number;
}

/** What `correct` of `draws` says about a success rate. */
export interface CountInterval {
  readonly draws: number;
  readonly correct: number;
  readonly lower: number;
  readonly upper: number;
}

/** All problems of one task under all models. */
export interface ProblemView {
  readonly task: string;
  readonly level: number;
  /** Labels, the best at the deciding k first. */
  readonly models: readonly string[];
  readonly problems: readonly string[];
  /** Draws of each model for each problem, at the positions of `models` and `problems`; 0 where it has none. */
  readonly draws: readonly (readonly number[])[];
  readonly correct: readonly (readonly number[])[];
  /** Models that have draws of each problem, and those that solved it at least once. */
  readonly heldBy: readonly number[];
  readonly solvedBy: readonly number[];
  /** Clopper–Pearson intervals of the counts that occur. */
  readonly intervals: readonly CountInterval[];
  readonly shown: readonly ShownProblem[];
  /** What is not here, and how to see it. */
  readonly notes: readonly string[];
}
