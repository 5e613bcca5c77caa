/** Answers instead of responses: several responses to a prompt that end in one answer add up their probabilities. */
import { logSumExp } from "../numeric/index.ts";
import { checkedLogProbabilities, type ModelLogProbabilities } from "./log-ratio-validation.ts";

/** Which prompt, answer and response each record is about; numbers or names, equal where they are the same. */
export interface AnswerRecords {
  readonly prompts: ArrayLike<number | string>;
  readonly answers: ArrayLike<number | string>;
  /** Records of one prompt with equal entries are one response drawn again. Without it every record is another one. */
  readonly responses?: ArrayLike<number | string>;
}

/**
 * log π(answer|x) of each record in nats: log Σ π(y|x) over the *distinct recorded* responses to its prompt with its
 * answer (§7.1). Given to `logRatios` for both models it makes the answer-level profile.
 *
 * It is the answer's probability only where every response to it is recorded (an enumeration, one canonical solution);
 * otherwise it is a lower bound, and so is then the model's in `upperBoundLogRatios`, whose profile stays an upper bound.
 *
 * @throws RangeError for unequal lengths, a log-probability that is none, one response with two log-probabilities, or an
 * answer whose responses sum above 1 by more than 1e-6 (then some response was recorded twice without being named).
 * @example
 * answerLogProbabilities({
 *   model: "a",
 *   logProbabilities: [0.25, 0.125, 0.25, 0.5].map(Math.log),
 *   prompts: [1, 1, 1, 2],
 *   answers: ["yes", "yes", "no", "yes"],
 * }).map(Math.exp); // Float64Array.of(0.375, 0.375, 0.25, 0.5)
 */
export function answerLogProbabilities(input: ModelLogProbabilities & AnswerRecords): Float64Array {
  const { model, prompts, answers, responses } = input;
  const { values } = checkedLogProbabilities(input);
  for (const [name, list] of Object.entries({ prompts, answers, responses })) {
    if (list !== undefined && list.length !== values.length) {
      throw new RangeError(
        `${name} has length ${list.length}: must have one entry a record, ${values.length}`,
      );
    }
  }
  const groupOf = new Int32Array(values.length);
  const groups: Map<number | string, number>[] = [];
  const numbers = new Map<number | string, Map<number | string, number>>();
  for (let record = 0; record < values.length; record++) {
    const prompt = prompts[record]!;
    const ofPrompt = numbers.get(prompt) ?? new Map<number | string, number>();
    numbers.set(prompt, ofPrompt);
    const number = ofPrompt.get(answers[record]!) ?? groups.length;
    ofPrompt.set(answers[record]!, number);
    groupOf[record] = number;
    const group = groups[number] ?? new Map<number | string, number>();
    groups[number] = group;
    const response = responses?.[record] ?? record;
    const known = group.get(response);
    if (known !== undefined && known !== values[record]) {
      throw new RangeError(
        `model ${JSON.stringify(model)} gives response ${JSON.stringify(response)} of prompt ${JSON.stringify(prompt)} two log-probabilities, ${known} and ${values[record]}`,
      );
    }
    group.set(response, values[record]!);
  }
  const sums = groups.map((group) => logSumExp([...group.values()]));
  return Float64Array.from(groupOf, (number, record) => {
    const sum = sums[number]!;
    if (sum <= 1e-6) return Math.min(0, sum);
    throw new RangeError(
      `the responses of model ${JSON.stringify(model)} to answer ${JSON.stringify(answers[record])} of prompt ${JSON.stringify(prompts[record])} have probability ${Math.exp(sum)}: must be at most 1; name repeated responses`,
    );
  });
}
