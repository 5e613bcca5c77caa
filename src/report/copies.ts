/** What is said of draws that are copies of one another. */
import type { ModelCounts } from "./model-counts.ts";
import { countText, listText, plural } from "./number-text.ts";

/** What the sentence is about: models, of which some may have copies for draws. */
export type CopiedModel = Pick<ModelCounts, "label" | "copies"> & Partial<Pick<ModelCounts, "sampling">>;

/**
 * That draws of models are copies, why that may be, and what they do not say; undefined where none are.
 *
 * @example
 * copiesSentence([{ label: "sums", copies: { copied: 20, problems: 20 } }]);
 * // "Draws of sums are copies: in all 20 problems with several draws these are one text, as …"
 */
export function copiesSentence(models: readonly CopiedModel[]): string | undefined {
  const found = models.flatMap(({ label, copies, sampling }) =>
    copies === undefined ? [] : [{ label, isGreedy: sampling?.temperature === 0, ...copies }],
  );
  if (found.length === 0) return undefined;
  const greedy = found.filter(({ isGreedy }) => isGreedy);
  const alike = found.filter(({ isGreedy }) => !isGreedy);
  const sentences: string[] = [];
  if (alike.length > 0) {
    const copied = alike.reduce((sum, one) => sum + one.copied, 0);
    const problems = alike.reduce((sum, one) => sum + one.problems, 0);
    const where =
      copied === problems
        ? `all ${plural(problems, "problem")}`
        : `${countText(copied)} of ${plural(problems, "problem")}`;
    sentences.push(
      `Draws of ${labels(alike)} are copies: in ${where} with several draws these are one text, as when every request carries the same seed or a cache answers.`,
    );
  }
  if (greedy.length > 0)
    sentences.push(`Draws of ${labels(greedy)} are copies: they are taken at temperature 0.`);
  return `${sentences.join(" ")} They say nothing of pass@k for k > 1.`;
}

const labels = (models: readonly CopiedModel[]) => listText(models.map(({ label }) => label));
